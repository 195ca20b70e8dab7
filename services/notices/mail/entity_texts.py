"""What the mail to an entity says whose webhook is sent nothing any more: in Italian, then in English, as plain text.

Nobody knows the language of whoever reads it. It says which address by its host alone: the rest may be a secret.
"""

from typing import Final

SUBJECT: Final = "Webhook disattivato / Webhook disabled: {host}"
_REASONS: Final = {
    "failing": ("per tre giorni non ha risposto come dovuto", "it has not answered as it should for three days"),
    "gone": (
        "ha risposto 410, cioè che non riceve più nulla",
        "it answered 410, which says that it takes nothing any more",
    ),
}
_BODY: Final = """{entity}: il portale dei pagamenti non invia più eventi al vostro indirizzo su {host}.

Motivo: {reason_it}.
Non si perde nulla: quando lo riattivate, il portale invia tutto da dove si era fermato.

Che cosa fare, con una chiave API che ha lo scope webhooks:write:
1. guardate i tentativi: GET {address}/deliveries
2. correggete, poi fate una prova: POST {address}/tests
3. riattivatelo: PUT {address} con "enabled": true

---

{entity}: the payment portal no longer sends events to your address at {host}.

Why: {reason_en}.
Nothing is lost: once you enable it again, the portal sends everything from where it stopped.

What to do, with an API key of the scope webhooks:write:
1. look at the attempts: GET {address}/deliveries
2. mend it, then test it: POST {address}/tests
3. enable it again: PUT {address} with "enabled": true

Messaggio automatico: le risposte non vengono lette. Automatic message: replies are not read.
"""


def subject_of(host: str) -> str:
    """Return the subject."""
    return SUBJECT.format(host=_line(host))


def body_of(entity_name: str, host: str, reason: str, address: str) -> str:
    """Return the body; `address` is the webhook's in the API."""
    reason_it, reason_en = _REASONS[reason]
    return _BODY.format(
        entity=_line(entity_name), host=_line(host), reason_it=reason_it, reason_en=reason_en, address=address
    )


def _line(text: str) -> str:
    """Return a text on one line: no name becomes a header of the mail."""
    return " ".join(text.split())
