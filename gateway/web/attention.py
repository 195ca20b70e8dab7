"""Money that was not expected: what the practice's page says of it, so that state, alert and advice agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.rpc.payments import Receipt
from contracts.rpc.practices import Practice
from gateway.translations import marked as _


@dataclass(frozen=True)
class Attention:
    """What happened, how we know the state all the same, and what to do; in Italian, translated where it is shown."""

    what: str
    how_we_know: str
    advice: str


_ENTITY_CHECKS: Final = _(
    "Il denaro è arrivato all'ente, che lo sta verificando. Conserva ogni quietanza; se non ti risponde entro "
    "qualche giorno, contattalo indicando il codice IUV."
)
_UNDERPAID: Final = Attention(
    _("È arrivato meno di quanto dovuto."),
    _("pagoPA ci ha inviato la ricevuta di un importo inferiore a quello dovuto."),
    _(
        "Non pagare di nuovo: un avviso pagoPA si paga una volta sola, e la parte che manca non si può pagare con "
        "questo. L'ente ha ricevuto il denaro e l'ufficio ti contatterà per la parte che manca: conserva la quietanza "
        "e, se non ti scrive entro qualche giorno, contattalo indicando il codice IUV."
    ),
)
_PAID_TWICE: Final = Attention(
    _("Questa pratica è stata pagata più di una volta."),
    _("pagoPA ci ha inviato più di una ricevuta: sono tutte in questa pagina."),
    _(
        "Non pagare di nuovo. Il denaro in più è arrivato all'ente, che lo sta verificando: per riaverlo chiedi il "
        "rimborso all'ente, con tutte le quietanze e il codice IUV."
    ),
)
_PAID_THOUGH_ANNULLED: Final = Attention(
    _("È arrivato un pagamento, ma l'ente aveva annullato la pratica."),
    _("L'ente ha annullato la pratica, e pagoPA ci ha inviato la ricevuta di un pagamento."),
    _("Non devi pagare altro. Per riavere il denaro chiedi il rimborso all'ente, con la quietanza e il codice IUV."),
)
_OTHER_AMOUNT: Final = Attention(
    _("È arrivato un pagamento di un importo diverso da quello dovuto."),
    _("pagoPA ci ha inviato una ricevuta con un altro importo."),
    _ENTITY_CHECKS,
)
_UNEXPECTED: Final = Attention(
    _("È arrivato un pagamento non atteso."),
    _("pagoPA ci ha inviato una ricevuta che non corrisponde a quanto l'ente ha chiesto."),
    _ENTITY_CHECKS,
)


def attention_of(practice: Practice, receipts: Sequence[Receipt]) -> Attention | None:
    """Return what to say of unexpected money; None where all is well. `receipts`: empty while they are not known."""
    if practice.state == "underpaid":
        return _UNDERPAID
    if not practice.needs_attention:
        return None
    if len(receipts) > 1 or any(receipt.duplicate for receipt in receipts):
        return _PAID_TWICE
    if practice.state == "cancelled":
        return _PAID_THOUGH_ANNULLED
    if any(receipt.amount_cents != practice.amount_cents for receipt in receipts):
        return _OTHER_AMOUNT
    return _UNEXPECTED
