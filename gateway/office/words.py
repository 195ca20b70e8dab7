"""How roles, operations and audited fields are called on the offices' pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.roles import Operation, Role
from gateway.translations import marked as _


@dataclass(frozen=True)
class RoleWords:
    """The name of a role and what it allows, in a sentence."""

    name: str
    allows: str


ROLES: Final[Mapping[str, RoleWords]] = {
    Role.SPORTELLO.value: RoleWords(_("Sportello"), _("Cerca, inserisce e stampa le pratiche.")),
    Role.UFFICIO.value: RoleWords(
        _("Ufficio"), _("Come lo sportello, e in più modifica, annulla, ripristina e carica le pratiche.")
    ),
    Role.CONTABILE.value: RoleWords(
        _("Contabile"), _("Vede pagamenti e rendicontazione, dispone i rimborsi, esporta.")
    ),
    Role.AMMINISTRATORE.value: RoleWords(
        _("Amministratore"), _("Gestisce servizi, colleghi, chiavi di accesso e notifiche, e legge il registro.")
    ),
    Role.REVISORE.value: RoleWords(_("Revisore"), _("Vede tutto, anche il registro, e non modifica nulla.")),
}

OPERATIONS: Final[Mapping[str, str]] = {
    Operation.INSERT_PRACTICES.value: _("Pratica inserita"),
    Operation.AMEND_PRACTICES.value: _("Pratica modificata"),
    Operation.ANNUL_PRACTICES.value: _("Pratica annullata"),
    Operation.RESTORE_PRACTICES.value: _("Pratica ripristinata"),
    "money.ask_refund": _("Rimborso chiesto"),
    "money.refund": _("Rimborso deciso"),
    "money.confirm": _("Rimborso confermato"),
    "money.withdraw": _("Decisione ritirata"),
    "money.export": _("Rimborso esportato"),
    "money.refund_done": _("Rimborso pagato"),
    "money.refund_returned": _("Rimborso restituito dalla banca"),
    "money.offset": _("Pagamento compensato"),
    "money.explain": _("Pagamento chiuso senza rimborso"),
    "money.reopen": _("Pagamento riaperto"),
    "money.change_rules": _("Regole dei rimborsi cambiate"),
    "people.invite": _("Collega invitato"),
    "people.withdraw_invitation": _("Invito ritirato"),
    "people.accept_invitation": _("Invito accettato"),
    "people.change_roles": _("Ruoli cambiati"),
    "people.remove": _("Collega rimosso"),
}
"""What stands in the audit."""

FIELDS: Final[Mapping[str, str]] = {
    "amount_cents": _("Importo"),
    "due_date": _("Scadenza"),
    "state": _("Stato"),
    "case_state": _("Stato"),
    "refund_cents": _("Rimborso"),
    "iban": _("IBAN del conto"),
    "offset_practice_id": _("Pratica compensata"),
    "export_id": _("File dei rimborsi"),
    "second_person": _("Serve una seconda persona"),
    "grants": _("Ruoli"),
    "invitation": _("Invito"),
}
