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
    "practices.mail": _("Mandata per e-mail"),
    Operation.IMPORT_DEBTS.value: _("File inviato"),
    "debts.apply_import": _("File caricato"),
    "debts.cancel_import": _("Caricamento annullato"),
    "debts.pause_import": _("Caricamento sospeso"),
    "debts.resume_import": _("Caricamento ripreso"),
    "payments.take_receipt": _("Ricevuta presa in carico"),
    "payments.recover_receipt": _("Ricevuta chiesta a pagoPA"),
    "payments.read_message": _("Messaggio di pagoPA letto intero"),
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
    "keys.make": _("Chiave creata"),
    "keys.rotate": _("Chiave rinnovata"),
    "keys.revoke": _("Chiave revocata"),
    "webhooks.make": _("Notifica aggiunta"),
    "webhooks.change": _("Notifica cambiata"),
    "webhooks.rotate_secret": _("Segreto di una notifica rinnovato"),
    "webhooks.resend": _("Eventi mandati di nuovo"),
    "webhooks.delete": _("Notifica eliminata"),
    "catalogue.publish_service": _("Servizio pubblicato"),
    "catalogue.withdraw_service": _("Servizio ritirato"),
    "catalogue.publish_logo": _("Logo pubblicato"),
    "catalogue.publish_entity": _("Testi dell'ente pubblicati"),
    "dead_letters.replay": _("Evento fermo mandato di nuovo"),
    "dead_letters.drop": _("Evento fermo eliminato"),
    "settlement.upload": _("Flusso caricato"),
    "settlement.credit": _("Accredito registrato"),
    "settlement.close": _("Giornata chiusa"),
    "settlement.reopen": _("Giornata riaperta"),
}
"""What stands in the audit."""

FIELDS: Final[Mapping[str, str]] = {
    "amount_cents": _("Importo"),
    "due_date": _("Scadenza"),
    "state": _("Stato"),
    "import_created": _("Pratiche nuove"),
    "import_amended": _("Pratiche modificate"),
    "import_refused": _("Righe rifiutate"),
    "import_missing": _("Pratiche annullate perché mancanti"),
    "mailed": _("Documento"),
    "message": _("Messaggio"),
    "receipt": _("Ricevuta"),
    "case_state": _("Stato"),
    "refund_cents": _("Rimborso"),
    "iban": _("IBAN del conto"),
    "offset_practice_id": _("Pratica compensata"),
    "export_id": _("File dei rimborsi"),
    "second_person": _("Serve una seconda persona"),
    "grants": _("Ruoli"),
    "invitation": _("Invito"),
    "name": _("Nome"),
    "scopes": _("Permessi"),
    "url": _("Indirizzo"),
    "types": _("Eventi"),
    "enabled": _("In funzione"),
    "count": _("Quanti"),
    "consumer": _("Destinatario"),
    "version": _("Versione del catalogo"),
    "changes": _("Che cosa cambia"),
    "rows": _("Righe"),
    "total_cents": _("Totale dei flussi"),
    "credited_cents": _("Accreditato"),
    "booked_on": _("Data contabile"),
}

MAILED: Final[Mapping[str, str]] = {"notice": _("Avviso"), "receipt": _("Quietanza")}
FILE_COLUMNS: Final[Mapping[str, str]] = {
    "codice_debito": _("Riferimento dell'ente"),
    "servizio": _("Servizio"),
    "codice_fiscale": _("Codice Fiscale"),
    "cognome_nome": _("Cognome e Nome"),
    "email": _("E-mail"),
    "causale": _("Causale"),
    "importo": _("Importo"),
    "scadenza": _("Data Scadenza"),
    "rata": _("Numero della rata"),
    "rate_totali": _("Rate in tutto"),
    "importo_ridotto": _("Importo ridotto"),
    "giorni_ridotto": _("Giorni dell'importo ridotto"),
    "data_notifica": _("Data di notifica"),
    "importo_valido_fino": _("Importo valido fino al"),
    "mora": _("Mora"),
    "interessi_annui": _("Interessi annui"),
    "data_stampata": _("Data stampata sull'avviso"),
    "posizione": _("Posizione debitoria"),
    "opzione": _("Opzione di pagamento"),
    "beneficiario": _("Beneficiario"),
    "corso": _("Corso"),
    "scuola": _("Scuola"),
    "tipo_contributo": _("Tipo di contributo"),
}
"""How the columns of a debt file are called where its rows are corrected."""
IMPORT_STATES: Final[Mapping[str, str]] = {
    "receiving": _("In arrivo"),
    "waiting": _("In coda"),
    "checking": _("In controllo"),
    "loading": _("In caricamento"),
    "previewed": _("Da confermare"),
    "paused": _("Sospeso"),
    "done": _("Caricato"),
    "refused": _("Rifiutato"),
    "cancelled": _("Annullato"),
}

RECOVERY_STATES: Final[Mapping[str, str]] = {
    "waiting": _("Chiesta, in attesa"),
    "recovered": _("Recuperata"),
    "arrived": _("Arrivata da sola"),
    "given_up": _("Non trovata"),
}
RECOVERY_PROBLEMS: Final[Mapping[str, str]] = {
    "not_found": _("pagoPA non la conosce ancora."),
    "no_answer": _("pagoPA non risponde."),
    "key_refused": _("pagoPA rifiuta la nostra chiave: avvisa chi gestisce il portale."),
    "more_than_one": _("pagoPA ne ha più di una con questo IUR."),
    "unreadable": _("La risposta di pagoPA non si legge."),
}
"""Why a receipt that was asked for is not here."""
