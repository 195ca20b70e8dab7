"""How the findings of settlement are called on the office's pages, and what to do about each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.translations import marked as _


@dataclass(frozen=True)
class FindingWords:
    """What became of a row, and what a person does about it; nothing where there is nothing to do."""

    name: str
    next_step: str = ""


FINDINGS: Final[Mapping[str, FindingWords]] = {
    "reported": FindingWords(_("Riscontrato")),
    "recovered": FindingWords(_("Riscontrato, senza ricevuta")),
    "revoked": FindingWords(
        _("Revocato"), _("Il pagamento è stato restituito a chi l'ha fatto: la pratica è di nuovo da incassare.")
    ),
    "unknown": FindingWords(
        _("Sconosciuto"), _("Non è un pagamento di questo portale: cercalo nella contabilità di prima.")
    ),
    "amount_differs": FindingWords(
        _("Importo diverso"),
        _("Confronta l'importo con la ricevuta e chiedi a chi ha incassato, se la differenza è sua."),
    ),
    "repeated": FindingWords(
        _("Ripetuto"), _("Lo stesso versamento sta in due righe: chiedi a chi ha incassato quale vale.")
    ),
    "no_receipt_fits": FindingWords(
        _("Nessuna ricevuta corrisponde"),
        _("La pratica ha ricevute, ma di altri pagamenti: chiedi la ricevuta a chi ha incassato."),
    ),
    "never_activated": FindingWords(
        _("Mai richiesto al portale"), _("Nessuno ha chiesto al portale di pagarlo: verifica con pagoPA da dove viene.")
    ),
    "withdrawn": FindingWords(
        _("Tolto da un flusso nuovo"), _("Era rendicontato e non lo è più: verifica con chi ha incassato.")
    ),
}
