"""How the rights of API keys and the facts of webhooks are called on the office's pages."""

from collections.abc import Mapping
from typing import Final

from contracts.scopes import Scope
from gateway.translations import marked as _

SCOPES: Final[Mapping[str, str]] = {
    Scope.DEBTS_READ.value: _("Leggere le pratiche"),
    Scope.DEBTS_WRITE.value: _("Inserire, modificare e annullare le pratiche"),
    Scope.IMPORTS_WRITE.value: _("Caricare file di pratiche"),
    Scope.NOTICES_PRINT.value: _("Stampare gli avvisi di molte pratiche"),
    Scope.PAYMENTS_READ.value: _("Leggere i pagamenti arrivati"),
    Scope.EVENTS_READ.value: _("Leggere gli eventi"),
    Scope.SETTLEMENTS_WRITE.value: _("Caricare flussi di rendicontazione e accrediti, leggere la riconciliazione"),
    Scope.REFUNDS_WRITE.value: _("Decidere del denaro inatteso: rimborsare, compensare, spiegare"),
    Scope.WEBHOOKS_WRITE.value: _("Gestire le notifiche al gestionale"),
}
"""What each right allows, in the order of the form's boxes."""

EVENT_TYPES: Final[Mapping[str, str]] = {
    "CheckoutStarted.v1": _("Pagamento online iniziato"),
    "CheckoutAbandoned.v1": _("Pagamento online abbandonato"),
    "PaymentConfirmed.v1": _("Pagamento confermato"),
    "PaymentDuplicated.v1": _("Denaro inatteso"),
    "MoneyCaseChanged.v1": _("Denaro inatteso: che cosa ne è"),
    "PaymentReported.v1": _("Pagamento rendicontato"),
    "WebhookDisabled.v1": _("Notifiche sospese"),
}
"""Of what a webhook can tell, in the order of the form's boxes."""

DISABLED: Final[Mapping[str, str]] = {
    "failing": _("Sospesa: da tre giorni il gestionale non risponde."),
    "gone": _("Sospesa: il gestionale ha risposto che l'indirizzo non esiste più."),
    "by_hand": _("Sospesa da una persona dell'ufficio o dal gestionale."),
}

DELIVERY_STATES: Final[Mapping[str, str]] = {
    "waiting": _("In attesa"),
    "delivered": _("Consegnata"),
    "given_up": _("Non consegnata"),
}

PROBLEMS: Final[Mapping[str, str]] = {
    "private_address": _("l'indirizzo porta a una rete privata"),
    "certificate": _("il certificato non è valido per quell'indirizzo"),
    "timed_out": _("nessuna risposta in tempo"),
    "redirect": _("risponde con un rinvio a un altro indirizzo"),
    "no_answer": _("la connessione non riesce"),
    "not_resolved": _("il nome dell'indirizzo non esiste"),
}
