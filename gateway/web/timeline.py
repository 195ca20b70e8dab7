"""The story of a practice in sentences: what happened, when, and how we know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.rpc.payments import TimelineEntry
from contracts.rpc.practices import Practice
from gateway.translations import marked as _


@dataclass(frozen=True)
class TimelineRow:
    """What happened, in Italian: translated where it is shown."""

    at: datetime
    what: str
    how_we_know: str


@dataclass(frozen=True)
class _Kind:
    what: str
    how_we_know: str


_FROM_ENTITY: Final = _("Registrato nell'archivio dell'ente.")
_ASKED: Final = _("Ce l'ha chiesto pagoPA.")
_FROM_CHECKOUT: Final = _("Lo sappiamo dal portale: nessun importo risulta addebitato.")
_KINDS: Final[Mapping[str, _Kind]] = {
    "PracticeAmended": _Kind(_("La pratica è stata modificata"), _FROM_ENTITY),
    "PracticeCancelled": _Kind(_("La pratica è stata annullata"), _FROM_ENTITY),
    "PracticeExpired": _Kind(_("Il termine per pagare è passato"), _FROM_ENTITY),
    "demanded": _Kind(
        _("L'avviso è stato chiesto allo sportello di una banca o di un altro prestatore di servizi di pagamento"),
        _ASKED,
    ),
    "verified": _Kind(_("Una banca, o un altro prestatore di servizi di pagamento, ha controllato l'avviso"), _ASKED),
    "activated": _Kind(_("Un pagamento è stato avviato"), _ASKED),
    "CheckoutStarted": _Kind(
        _("Il pagamento online è stato aperto"), _("La pagina di pagamento di pagoPA è stata aperta da questo portale.")
    ),
    "PaymentConfirmed": _Kind(
        _("Il pagamento è confermato"), _("pagoPA ci ha inviato la ricevuta del pagamento (ricevuta telematica).")
    ),
    "PaymentDuplicated": _Kind(
        _("È arrivato un altro pagamento, non atteso"),
        _("pagoPA ci ha inviato un'altra ricevuta del pagamento: l'ente la sta verificando."),
    ),
    "PaymentReported": _Kind(
        _("L'importo è stato riversato all'ente"),
        _("Il pagamento compare nell'elenco di quelli versati all'ente (flusso di rendicontazione)."),
    ),
}
_ASKED_BY_NODE: Final = frozenset({"verified", "activated"})
_REFUSED: Final = _Kind(
    _("Qualcuno ha provato a pagare e non ha potuto"),
    _("Ce l'ha chiesto pagoPA: abbiamo risposto che l'avviso non si poteva pagare."),
)
_WRONG_STAMP: Final = _Kind(
    _("La marca da bollo ricevuta non è quella richiesta"),
    _("pagoPA l'ha inviata con la ricevuta del pagamento: l'ente la sta verificando."),
)
_LESS_THAN_DUE: Final = _Kind(
    _("È arrivato meno di quanto dovuto"),
    _("Lo dice la ricevuta del pagamento (ricevuta telematica): l'ente sta verificando la parte che manca."),
)
_RECOVERED: Final = _Kind(
    _("Il pagamento è confermato"),
    _("Il pagamento è nell'elenco di quelli versati all'ente (flusso di rendicontazione), senza ancora la ricevuta."),
)
_ABANDONED: Final[Mapping[str, str]] = {
    "cancelled": _("Il pagamento online è stato annullato da chi pagava"),
    "failed": _("Il pagamento online non è riuscito"),
    "timed_out": _("Il tempo per il pagamento online è finito"),
    "not_opened": _("La pagina di pagamento di pagoPA non si è aperta"),
    "superseded": _("Un pagamento iniziato da altri e non proseguito è stato chiuso"),
}
_ABANDONED_OTHERWISE: Final = _("Il pagamento online si è chiuso senza pagare")
_CREATED_BY: Final[Mapping[str, _Kind]] = {
    "issued": _Kind(_("L'ente ha emesso la pratica"), _FROM_ENTITY),
    "spontaneous": _Kind(
        _("La pratica è stata inserita spontaneamente"), _("Registrato da questo portale all'inserimento.")
    ),
}


def timeline_of(practice: Practice, entries: Iterable[TimelineEntry]) -> list[TimelineRow]:
    """Tell the practice's creation and each entry of payments after it, in the order given.

    payments knows in which order it decided what comes at the same moment; times alone do not tell. Entries of a kind
    this version does not know are left out: a reader within a version only ever meets more.
    """
    origin = _CREATED_BY[practice.origin]
    told = [TimelineRow(practice.created_at, origin.what, origin.how_we_know)]
    for entry in entries:
        kind = _kind_of(entry)
        if kind:
            told.append(TimelineRow(entry.at, kind.what, kind.how_we_know))
    return told


def _kind_of(entry: TimelineEntry) -> _Kind | None:
    name = entry.kind.partition(".")[0]
    if name == "CheckoutAbandoned":
        reason = entry.detail.get("reason", "")
        return _Kind(_ABANDONED.get(reason, _ABANDONED_OTHERWISE), _FROM_CHECKOUT)
    if name in _ASKED_BY_NODE and entry.detail.get("fault"):
        return _REFUSED
    if name == "PaymentDuplicated" and entry.detail.get("reason") == "wrong_stamp":
        return _WRONG_STAMP
    if name == "PaymentDuplicated" and entry.detail.get("reason") == "underpaid":
        return _LESS_THAN_DUE
    if name == "PaymentConfirmed" and entry.source == "settlement":
        return _RECOVERED
    return _KINDS.get(name)
