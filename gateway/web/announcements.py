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
PRACTICE_AMENDED: Final = "pratica-modificata"
PRACTICE_ANNULLED: Final = "pratica-annullata"
PRACTICE_RESTORED: Final = "pratica-ripristinata"
CASE_MOVED: Final = "caso-aggiornato"
REFUNDS_EXPORTED: Final = "rimborsi-esportati"
REFUNDS_PAID: Final = "rimborsi-pagati"
REFUND_ASKED: Final = "rimborso-chiesto"
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
    PRACTICE_AMENDED: _("La pratica è stata modificata."),
    PRACTICE_ANNULLED: _("La pratica è stata annullata. Se è stato un errore puoi ripristinarla."),
    CASE_MOVED: _("Fatto: qui sotto c'è come sta adesso."),
    REFUNDS_EXPORTED: _("Il file dei rimborsi è pronto: scaricalo e mandalo alla banca."),
    REFUNDS_PAID: _("I rimborsi del file risultano pagati."),
    REFUND_ASKED: _("Hai chiesto il rimborso: l'ente decide, e qui vedrai che cosa ne è."),
    PRACTICE_RESTORED: _("La pratica è di nuovo da pagare."),
}
