"""How the states of a practice are named and shown: always in words, with an icon; colour only helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.translations import marked as _


@dataclass(frozen=True)
class StateLook:
    """Label, icon of the design system, and the CSS modifier of the badge."""

    label: str
    icon: str
    tone: str


STATES: Final[Mapping[str, StateLook]] = {
    "to_pay": StateLook(_("Da pagare"), "it-card", "due"),
    "unconfirmed": StateLook(_("Non confermato"), "it-clock", "waiting"),
    "underpaid": StateLook(_("Pagamento parziale"), "it-warning-circle", "waiting"),
    "paid": StateLook(_("Pagato"), "it-check-circle", "done"),
    "expired": StateLook(_("Scaduto"), "it-close-circle", "over"),
    "cancelled": StateLook(_("Annullato"), "it-ban", "over"),
    "reported": StateLook(_("Rendicontato"), "it-check-circle", "done"),
}
PAID_STATES: Final = ("paid", "reported")
