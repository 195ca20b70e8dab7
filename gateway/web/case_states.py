"""How the states of a case of unexpected money are named and shown, and why the money was not expected."""

from collections.abc import Mapping
from typing import Final

from gateway.translations import marked as _
from gateway.web.states import StateLook

CASE_STATES: Final[Mapping[str, StateLook]] = {
    "open": StateLook(_("Da decidere"), "it-clock", "due"),
    "refund_asked": StateLook(_("Rimborso chiesto"), "it-clock", "due"),
    "to_confirm": StateLook(_("Da confermare"), "it-clock", "waiting"),
    "decided": StateLook(_("Rimborso deciso"), "it-card", "waiting"),
    "exported": StateLook(_("In banca"), "it-card", "waiting"),
    "done": StateLook(_("Rimborsato"), "it-check-circle", "done"),
    "offset": StateLook(_("Compensato"), "it-check-circle", "done"),
    "explained": StateLook(_("Chiuso senza rimborso"), "it-close-circle", "over"),
}
UNEXPECTED: Final[Mapping[str, str]] = {
    "already_paid": _("Pagato più di una volta"),
    "cancelled": _("La pratica era annullata"),
    "expired": _("Pagato dopo l'ultimo giorno"),
    "unknown_notice": _("Avviso che il portale non conosce"),
    "other_amount": _("Più del dovuto"),
    "underpaid": _("Meno del dovuto"),
    "wrong_stamp": _("Marca da bollo mancante o diversa"),
}
TOLD_TO_PAYER: Final[Mapping[str, str]] = {
    "open": _("L'ente sa di questo denaro in più e deve decidere che cosa farne."),
    "refund_asked": _("Il rimborso è stato chiesto: l'ente deve decidere."),
    "to_confirm": _("Il rimborso è stato chiesto: l'ente sta decidendo."),
    "decided": _("L'ente ha deciso il rimborso: sta per mandarlo alla banca."),
    "exported": _("Il rimborso è stato mandato alla banca."),
    "done": _("Il rimborso è stato pagato sul tuo conto."),
    "offset": _("L'ente ha contato questo denaro per un'altra pratica."),
    "explained": _("L'ente ha chiuso il caso senza rimborso: per sapere perché, contattalo indicando il codice IUV."),
}
"""What whoever paid reads."""
