"""What to tell who could not log in, by SPID's anomaly number (SPID rules, error messages; spid.md section 1.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.translations import marked as _


@dataclass(frozen=True)
class AnomalyText:
    """What happened, what to do, and whether trying again can help. `%(level)s` is the SPID level asked for."""

    sentence: str
    next_step: str
    may_retry: bool


_ANOMALIES: Final[Mapping[int, AnomalyText]] = {
    19: AnomalyText(
        _("Hai inserito credenziali errate troppe volte."),
        _("Controlla nome utente e password sul sito del tuo gestore di identità, poi riprova."),
        may_retry=True,
    ),
    20: AnomalyText(
        _("La tua identità digitale non ha il livello di sicurezza richiesto (livello %(level)s)."),
        _("Chiedi al tuo gestore di identità le credenziali di livello %(level)s."),
        may_retry=False,
    ),
    21: AnomalyText(
        _("È passato troppo tempo durante l'accesso."),
        _("Riprova e completa l'accesso entro pochi minuti."),
        may_retry=True,
    ),
    22: AnomalyText(
        _("Non hai dato il consenso all'invio dei tuoi dati a questo portale."),
        _("Senza nome e codice fiscale non possiamo mostrarti le tue pratiche. Riprova e conferma l'invio dei dati."),
        may_retry=True,
    ),
    23: AnomalyText(
        _("La tua identità digitale è sospesa o revocata, o le credenziali sono bloccate."),
        _("Contatta il tuo gestore di identità."),
        may_retry=False,
    ),
    25: AnomalyText(
        _("Hai annullato l'accesso."), _("Puoi riprovare quando vuoi: non è stato modificato nulla."), may_retry=True
    ),
    30: AnomalyText(
        _("Il tipo di identità digitale usato non è adatto a questo portale."),
        _("Entra con la tua identità personale di cittadino."),
        may_retry=True,
    ),
}
_NEUTRAL: Final = AnomalyText(
    _("L'accesso con SPID non è riuscito."),
    _("Riprova; se succede ancora, scrivi all'ente indicando il riferimento qui sotto."),
    may_retry=True,
)


def anomaly_text(anomaly: int | None) -> AnomalyText:
    """Return the text of an anomaly number; the neutral one for 24 and for everything else."""
    return _NEUTRAL if anomaly is None else _ANOMALIES.get(anomaly, _NEUTRAL)
