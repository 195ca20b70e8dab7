"""Unexpected money, and amounts that nobody knows now: what the practice's page says, so that all of it agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.errors import ErrorCode
from contracts.rpc.payments import Receipt
from contracts.rpc.practices import Practice
from gateway.messages import MESSAGES
from gateway.translations import marked as _


@dataclass(frozen=True)
class Attention:
    """What happened, how we know the state all the same, and what to do; in Italian, translated where it is shown."""

    what: str
    how_we_know: str
    advice: str


_ENTITY_CHECKS: Final = _(
    "Il denaro è arrivato all'ente, che lo sta verificando. Conserva ogni quietanza; se non ti risponde entro "
    "qualche giorno, contattalo indicando il codice IUV."
)
_UNDERPAID: Final = Attention(
    _("È arrivato meno di quanto dovuto."),
    _("pagoPA ci ha inviato la ricevuta di un importo inferiore a quello dovuto."),
    _(
        "Non pagare di nuovo: un avviso pagoPA si paga una volta sola, e la parte che manca non si può pagare con "
        "questo. L'ente ha ricevuto il denaro e l'ufficio ti contatterà per la parte che manca: conserva la quietanza "
        "e, se non ti scrive entro qualche giorno, contattalo indicando il codice IUV."
    ),
)
_PAID_TWICE: Final = Attention(
    _("Questa pratica è stata pagata più di una volta."),
    _("pagoPA ci ha inviato più di una ricevuta: sono tutte in questa pagina."),
    _(
        "Non pagare di nuovo. Il denaro in più è arrivato all'ente, che lo sta verificando: per riaverlo chiedi il "
        "rimborso all'ente, con tutte le quietanze e il codice IUV."
    ),
)
_PAID_THOUGH_ANNULLED: Final = Attention(
    _("È arrivato un pagamento, ma l'ente aveva annullato la pratica."),
    _("L'ente ha annullato la pratica, e pagoPA ci ha inviato la ricevuta di un pagamento."),
    _("Non devi pagare altro. Per riavere il denaro chiedi il rimborso all'ente, con la quietanza e il codice IUV."),
)
_OTHER_AMOUNT: Final = Attention(
    _("È arrivato un pagamento di un importo diverso da quello dovuto."),
    _("pagoPA ci ha inviato una ricevuta con un altro importo."),
    _ENTITY_CHECKS,
)
_UNEXPECTED: Final = Attention(
    _("È arrivato un pagamento non atteso."),
    _("pagoPA ci ha inviato una ricevuta che non corrisponde a quanto l'ente ha chiesto."),
    _ENTITY_CHECKS,
)


_WITHOUT_AMOUNT: Final = (ErrorCode.AMOUNT_NOT_KNOWN, ErrorCode.NOTHING_DUE)


def attention_of(practice: Practice, receipts: Sequence[Receipt]) -> Attention | None:
    """Return what to say of unexpected money, or of an amount that its entity's software does not say now.

    None where all is well. `receipts`: empty while they are not known.
    """
    if practice.not_payable_code in _WITHOUT_AMOUNT:
        return _without_amount(ErrorCode(practice.not_payable_code))
    if practice.state == "underpaid":
        return _UNDERPAID
    if not practice.needs_attention:
        return None
    if len(receipts) > 1 or any(receipt.duplicate for receipt in receipts):
        return _PAID_TWICE
    if practice.state == "cancelled":
        return _PAID_THOUGH_ANNULLED
    if any(receipt.amount_cents != practice.amount_cents for receipt in receipts):
        return _OTHER_AMOUNT
    return _UNEXPECTED


def _without_amount(code: ErrorCode) -> Attention:
    said = MESSAGES[code]
    return Attention(said.sentence, said.sentence, said.next_step)
