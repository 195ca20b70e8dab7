"""What the mail of an invitation says, in Italian and English, as plain text: one link, and what it is for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from babel.dates import format_datetime

from contracts.calendar import ROME


@dataclass(frozen=True)
class InvitationText:
    """Subject and body."""

    subject: str
    plain: str


_UNTIL: Final = {"it": "d MMMM yyyy 'alle' HH:mm", "en": "d MMMM yyyy 'at' HH:mm"}
_SUBJECT: Final = {
    "it": "Invito nell'ufficio pagamenti di {entity}",
    "en": "Invitation to the payments office of {entity}",
}
_PLAIN: Final = {
    "it": """{entity} ti invita a lavorare nel suo ufficio pagamenti.

Apri questo collegamento ed entra con la tua identità SPID o CIE:

{link}

Vale una volta sola, fino al {until}, e solo per la persona invitata: chiunque altro lo apra non entra.
Se non aspettavi questo invito non devi fare nulla.

Messaggio automatico: le risposte non vengono lette.
""",
    "en": """{entity} invites you to work in its payments office.

Open this link and log in with your own SPID or CIE identity:

{link}

It is good once, until {until}, and for the person invited alone: nobody else who opens it is let in.
If you were not expecting this invitation there is nothing to do.

Automatic message: replies are not read.
""",
}


def text_of(entity_name: str, link: str, expires_at: datetime, language: str) -> InvitationText:
    """Return what the mail says; a name of several lines cannot become a header of the mail."""
    entity = " ".join(entity_name.split())
    until = format_datetime(expires_at, _UNTIL[language], tzinfo=ROME, locale=language)
    return InvitationText(
        subject=_SUBJECT[language].format(entity=entity),
        plain=_PLAIN[language].format(entity=entity, link=link, until=until),
    )
