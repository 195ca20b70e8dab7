"""Help desk: what happened to somebody who could not log in, by the reference that the page showed them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import falcon

from contracts.roles import Operation
from contracts.rpc import help_desk
from gateway.office.desk import OfficePage
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.login_anomalies import anomaly_text

_REFERENCE_MAX: Final = 64
_BEGIN_AGAIN: Final = _(
    "Di' alla persona di cominciare da capo dal portale, senza tornare indietro né ricaricare la pagina."
)
_FOR_OPERATIONS: Final = _("Avvisa chi gestisce il portale, con questo riferimento: la persona non può farci nulla.")
_CLOCK: Final = _("Un orologio, nostro o del gestore di identità, è sbagliato di più di 30 secondi.")
_WHY: Final[Mapping[str, tuple[str, str]]] = {
    "other_browser": (
        _("La risposta è arrivata in un altro browser, o il browser non accetta i cookie."),
        _("Di' alla persona di cominciare e finire nello stesso browser, con i cookie accettati."),
    ),
    "unsolicited": (_("L'accesso non è cominciato dal portale, per esempio da un preferito."), _BEGIN_AGAIN),
    "request_expired": (_("L'accesso è durato più di 15 minuti."), _BEGIN_AGAIN),
    "request_consumed": (_("La pagina di accesso è stata ricaricata, o si è tornati indietro."), _BEGIN_AGAIN),
    "replayed": (_("La stessa risposta è arrivata due volte."), _BEGIN_AGAIN),
    "level_too_low": (
        _("Il gestore di identità ha dato un livello di sicurezza più basso di quello chiesto."),
        _("Di' alla persona di usare le credenziali di livello più alto, o di chiederle al suo gestore."),
    ),
    "response_before_request": (_CLOCK, _FOR_OPERATIONS),
    "response_in_future": (_CLOCK, _FOR_OPERATIONS),
    "assertion_before_request": (_CLOCK, _FOR_OPERATIONS),
    "assertion_in_future": (_CLOCK, _FOR_OPERATIONS),
    "conditions_not_yet_valid": (_CLOCK, _FOR_OPERATIONS),
}
_OTHERWISE: Final = (_("La risposta del gestore di identità non era come SPID la vuole."), _FOR_OPERATIONS)
_OF_THE_PERSON: Final = frozenset({"user_anomaly", "foreign_identity", "fiscal_code"})


@dataclass(frozen=True)
class RefusedLoginTold:
    """What happened and what to tell the person, in Italian."""

    reference: str
    at: datetime
    what: str
    advice: str


class HelpDesk(OfficePage):
    """Aiuto a chi non riesce a entrare. The reference says nothing about anybody, so it may stand in the address."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the form, and what is known of the reference in the address. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.FIND_PRACTICES)
        reference = (req.get_param("riferimento") or "").strip()[:_REFERENCE_MAX]
        found = None
        if reference:
            asked = help_desk.RefusedLoginRequest(entity_code=entity, reference=reference)
            login = visit_of(req).call(help_desk.REFUSED_LOGIN, asked).login
            found = _told(login) if login else None
        self.show(req, resp, "help_desk.html", desk, reference=reference, found=found)


def _told(login: help_desk.RefusedLogin) -> RefusedLoginTold:
    if login.reason in _OF_THE_PERSON:
        shown = anomaly_text(login.anomaly, "foreign_identity" if login.reason != "user_anomaly" else None)
        return RefusedLoginTold(login.reference, login.at, shown.sentence, shown.next_step)
    what, advice = _WHY.get(login.reason, _OTHERWISE)
    return RefusedLoginTold(login.reference, login.at, what, advice)
