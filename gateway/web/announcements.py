"""What a page may say about what was just done: a closed list, named in the address by its key."""

from collections.abc import Mapping
from typing import Final

from gateway.translations import marked as _

ADDED: Final = "aggiunta"
REMOVED: Final = "rimossa"
CART_CLEARED: Final = "carrello-vuoto"
INSERTED: Final = "inserita"
LOGGED_OUT: Final = "uscita"
LOGGED_OUT_EVERYWHERE: Final = "uscita-ovunque"
REGISTERED: Final = "registrato"
ACKNOWLEDGED: Final = "presa-visione"
EMAIL_NOT_FOR_PAGOPA: Final = "email-non-per-pagopa"
GRANTED: Final = "concesso"
REVOKED: Final = "revocato"
SESSION_ENDED: Final = "accesso-terminato"
NO_FISCAL_CODE: Final = "senza-codice-fiscale"
OLDEST_SESSION_ENDED: Final = "accesso-piu-vecchio-terminato"
BENEFICIARY_FORGOTTEN: Final = "studente-dimenticato"
CALENDAR_REVOKED: Final = "calendario-revocato"
ACCOUNT_CLOSED: Final = "account-chiuso"
COLLEAGUE_CHANGED: Final = "collega-cambiato"
COLLEAGUE_REMOVED: Final = "collega-rimosso"
INVITATION_WITHDRAWN: Final = "invito-ritirato"
PRACTICE_INSERTED: Final = "pratica-inserita"
PLAN_INSERTED: Final = "piano-inserito"
PRACTICE_AMENDED: Final = "pratica-modificata"
PRACTICE_ANNULLED: Final = "pratica-annullata"
PRACTICE_RESTORED: Final = "pratica-ripristinata"
PRACTICE_MAILED: Final = "pratica-mandata"
RECEIPT_TAKEN: Final = "ricevuta-presa"
RECEIPT_ASKED: Final = "ricevuta-chiesta"
RECEIPT_HERE: Final = "ricevuta-arrivata"
PRINT_JOB_STARTED: Final = "stampa-avviata"
IMPORT_APPLIED: Final = "file-confermato"
IMPORT_CANCELLED: Final = "file-annullato"
IMPORT_PAUSED: Final = "file-sospeso"
IMPORT_RESUMED: Final = "file-ripreso"
CORRECTIONS_SENT: Final = "correzioni-inviate"
CASE_MOVED: Final = "caso-aggiornato"
REFUNDS_EXPORTED: Final = "rimborsi-esportati"
REFUNDS_PAID: Final = "rimborsi-pagati"
REFUND_ASKED: Final = "rimborso-chiesto"
DAY_CLOSED: Final = "giornata-chiusa"
DAY_REOPENED: Final = "giornata-riaperta"
FLOW_TAKEN: Final = "flusso-caricato"
CREDIT_REGISTERED: Final = "accredito-registrato"
LETTER_REPLAYED: Final = "evento-rimandato"
LETTER_DROPPED: Final = "evento-eliminato"
CATALOGUE_PUBLISHED: Final = "catalogo-pubblicato"
API_KEY_REVOKED: Final = "chiave-revocata"
WEBHOOK_CHANGED: Final = "notifica-cambiata"
WEBHOOK_TESTED: Final = "notifica-provata"
WEBHOOK_RESENT: Final = "notifica-rimandata"
WEBHOOK_DELETED: Final = "notifica-eliminata"
PRIVATE_LINK_SENT: Final = "link-inviato"
PRIVATE_LINK_REVOKED: Final = "link-revocato"

ANNOUNCEMENTS: Final[Mapping[str, str]] = {
    ADDED: _("La pratica è nel carrello."),
    REMOVED: _("La pratica è stata tolta dal carrello."),
    CART_CLEARED: _("Il carrello è stato svuotato."),
    INSERTED: _("La pratica è stata inserita: puoi pagarla subito o stampare il bollettino."),
    LOGGED_OUT: _("Sei uscito dal portale."),
    LOGGED_OUT_EVERYWHERE: _("Sei uscito dal portale su tutti i tuoi dispositivi."),
    REGISTERED: _("Registrazione completata."),
    ACKNOWLEDGED: _("Grazie: hai preso visione della nuova informativa."),
    EMAIL_NOT_FOR_PAGOPA: _(
        "Fatto. pagoPA però non accetta il tuo indirizzo e-mail: lo usiamo solo noi per scriverti, "
        "e la pagina di pagamento te ne chiederà un altro."
    ),
    GRANTED: _("Il consenso è stato registrato."),
    REVOKED: _("Il consenso è stato revocato. Vale da adesso in poi."),
    SESSION_ENDED: _("L'accesso è stato terminato: quel dispositivo è già fuori."),
    NO_FISCAL_CODE: _(
        "La tua identità non ha un codice fiscale italiano: cerca qui la pratica con il codice avviso, "
        "e pagala senza accesso."
    ),
    OLDEST_SESSION_ENDED: _("Eri collegato su troppi dispositivi: l'accesso più vecchio è stato terminato."),
    BENEFICIARY_FORGOTTEN: _("I dati dello studente non sono più ricordati."),
    CALENDAR_REVOKED: _("L'indirizzo del calendario è stato revocato."),
    PRIVATE_LINK_SENT: _("Il link è stato mandato. Se non arriva, guarda anche nella posta indesiderata."),
    PRIVATE_LINK_REVOKED: _("Il link privato è stato revocato: chi lo apre non trova più nulla."),
    ACCOUNT_CLOSED: _("La registrazione è stata revocata e i dati del tuo profilo sono stati cancellati."),
    COLLEAGUE_CHANGED: _("I ruoli sono cambiati, e valgono da subito."),
    COLLEAGUE_REMOVED: _("Il collega è stato rimosso: non può più entrare, e le sue sessioni sono finite."),
    INVITATION_WITHDRAWN: _("L'invito è stato ritirato: il collegamento inviato non vale più."),
    PRACTICE_INSERTED: _("La pratica è stata inserita: puoi stampare l'avviso."),
    PLAN_INSERTED: _("Il piano è stato inserito: qui sotto ci sono tutte le rate, e puoi stamparle insieme."),
    PRACTICE_AMENDED: _("La pratica è stata modificata."),
    PRACTICE_ANNULLED: _("La pratica è stata annullata. Se è stato un errore puoi ripristinarla."),
    CASE_MOVED: _("Fatto: qui sotto c'è come sta adesso."),
    REFUNDS_EXPORTED: _("Il file dei rimborsi è pronto: scaricalo e mandalo alla banca."),
    REFUNDS_PAID: _("I rimborsi del file risultano pagati."),
    REFUND_ASKED: _("Hai chiesto il rimborso: l'ente decide, e qui vedrai che cosa ne è."),
    PRACTICE_RESTORED: _("La pratica è di nuovo da pagare."),
    PRACTICE_MAILED: _("L'e-mail è stata mandata. Se non arriva, guarda anche nella posta indesiderata."),
    RECEIPT_TAKEN: _("La ricevuta è stata presa in carico: la pratica risulta pagata tra pochi secondi."),
    RECEIPT_ASKED: _("La ricevuta è stata chiesta a pagoPA: qui sotto vedi quando arriva."),
    RECEIPT_HERE: _("La ricevuta è già arrivata: cerca la pratica con lo IUV o il codice avviso."),
    PRINT_JOB_STARTED: _("La stampa è avviata. Puoi lasciare questa pagina e tornarci quando vuoi."),
    IMPORT_APPLIED: _("Il file viene caricato. Puoi lasciare questa pagina e tornarci quando vuoi."),
    IMPORT_CANCELLED: _("Il caricamento è stato annullato. Quello che era già caricato resta."),
    IMPORT_PAUSED: _("Il caricamento è sospeso: riprende da dove era quando vuoi, entro una settimana."),
    IMPORT_RESUMED: _("Il caricamento riprende da dove era."),
    CORRECTIONS_SENT: _("Le righe corrette sono state inviate: qui vedi che cosa ne è stato."),
    DAY_CLOSED: _("La giornata è chiusa."),
    DAY_REOPENED: _("La giornata è di nuovo aperta."),
    FLOW_TAKEN: _("Il flusso è stato caricato."),
    CREDIT_REGISTERED: _("L'accredito è stato registrato."),
    LETTER_REPLAYED: _("L'evento è stato mandato di nuovo: se non va neanche adesso torna qui tra un'ora o poco più."),
    LETTER_DROPPED: _("L'evento è stato eliminato."),
    CATALOGUE_PUBLISHED: _("Pubblicato: entro un minuto lo vedono tutti."),
    API_KEY_REVOKED: _("La chiave è stata revocata: entro dieci secondi non apre più nulla."),
    WEBHOOK_CHANGED: _("L'indirizzo è stato cambiato."),
    WEBHOOK_TESTED: _("La prova è partita: tra qualche secondo ricarica la pagina per vedere la risposta."),
    WEBHOOK_RESENT: _("L'evento parte di nuovo: tra qualche secondo ricarica la pagina per vedere la risposta."),
    WEBHOOK_DELETED: _("L'indirizzo è stato eliminato: non gli arriva più nulla."),
}
