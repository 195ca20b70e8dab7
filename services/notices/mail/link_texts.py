"""What the mail with a private link says; it names the entity, and nothing of what was inserted."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LinkTexts:
    """Subject and body; `{entity}` and `{link}` are filled in."""

    subject: str
    body: str


LINK_TEXTS: Final = {
    "it": LinkTexts(
        subject="Il tuo link privato: {entity}",
        body="Da questo link ritrovi quello che hai inserito sul portale dei pagamenti di {entity}.\n"
        "Lo paghi, lo stampi e ne hai la quietanza:\n\n{link}\n\n"
        "Vale un anno. Chi ha il link vede le tue pratiche: non darlo ad altri. Dal portale puoi revocarlo.\n"
        "Se non lo hai chiesto tu, non fare nulla: il tuo indirizzo non è stato conservato.\n",
    ),
    "en": LinkTexts(
        subject="Your private link: {entity}",
        body="By this link you find again what you entered on the payment portal of {entity}.\n"
        "Pay it, print it and get its receipt:\n\n{link}\n\n"
        "It is valid for a year. Whoever has the link sees your items: do not pass it on. You can revoke it on the"
        " portal.\n"
        "If you did not ask for it, do nothing: your address has not been stored.\n",
    ),
}
