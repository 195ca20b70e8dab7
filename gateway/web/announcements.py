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
GRANTED: Final = "concesso"
REVOKED: Final = "revocato"
SESSION_ENDED: Final = "accesso-terminato"
BENEFICIARY_FORGOTTEN: Final = "studente-dimenticato"
CALENDAR_REVOKED: Final = "calendario-revocato"
ACCOUNT_CLOSED: Final = "account-chiuso"

ANNOUNCEMENTS: Final[Mapping[str, str]] = {
    ADDED: _("La pratica è nel carrello."),
    REMOVED: _("La pratica è stata tolta dal carrello."),
    CART_CLEARED: _("Il carrello è stato svuotato."),
    INSERTED: _("La pratica è stata inserita: puoi pagarla subito o stampare il bollettino."),
    LOGGED_OUT: _("Sei uscito dal portale."),
    LOGGED_OUT_EVERYWHERE: _("Sei uscito dal portale su tutti i tuoi dispositivi."),
    REGISTERED: _("Registrazione completata."),
    ACKNOWLEDGED: _("Grazie: hai preso visione della nuova informativa."),
    GRANTED: _("Il consenso è stato registrato."),
    REVOKED: _("Il consenso è stato revocato. Vale da adesso in poi."),
    SESSION_ENDED: _("L'accesso è stato terminato: quel dispositivo è già fuori."),
    BENEFICIARY_FORGOTTEN: _("I dati dello studente non sono più ricordati."),
    CALENDAR_REVOKED: _("L'indirizzo del calendario è stato revocato."),
    ACCOUNT_CLOSED: _("La registrazione è stata revocata e i dati del tuo profilo sono stati cancellati."),
}
