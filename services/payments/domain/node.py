"""What the node is told: the decision table of pagopa.md section 3.7, in the order of the rows.

The first row that holds is the answer. Two rows differ from the reference implementation: what was paid is said before
what is expired or cancelled, because here money always wins; and no row ever says PAA_PAGAMENTO_IN_CORSO, because the
node itself tells two payments of one notice apart.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Self

from contracts.amounts import Certainty
from contracts.shapes import Creditor
from services.payments.domain.positions import Position, PositionStatus


class Fault(StrEnum):
    """Fault codes of a creditor (pagopa.md section 3.6), each with its official sentence."""

    text: str

    def __new__(cls, code: str, text: str) -> Self:
        """Put the sentence beside the code."""
        fault = str.__new__(cls, code)
        fault._value_ = code
        fault.text = text
        return fault

    UNKNOWN_DOMAIN = "PAA_ID_DOMINIO_ERRATO", "La PAA non corrisponde al Dominio indicato"
    UNKNOWN_BROKER = "PAA_ID_INTERMEDIARIO_ERRATO", "Identificativo intermediario non corrispondente"
    UNKNOWN_STATION = "PAA_STAZIONE_INT_ERRATA", "Stazione intermediario non corrispondente"
    SYNTAX = "PAA_SINTASSI_XSD", "Errore di sintassi XSD"
    UNKNOWN_PAYMENT = "PAA_PAGAMENTO_SCONOSCIUTO", "Pagamento in attesa risulta sconosciuto all’Ente Creditore"
    DUPLICATE_PAYMENT = "PAA_PAGAMENTO_DUPLICATO", "Pagamento in attesa risulta concluso all’Ente Creditore"
    EXPIRED_PAYMENT = "PAA_PAGAMENTO_SCADUTO", "Pagamento in attesa risulta scaduto all’Ente Creditore"
    CANCELLED_PAYMENT = "PAA_PAGAMENTO_ANNULLATO", "Pagamento in attesa risulta annullato all’Ente Creditore"
    EXTRA_SYNTAX = "PAA_SINTASSI_EXTRAXSD", "Errore di sintassi extra XSD"
    SEMANTICS = "PAA_SEMANTICA", "Errore semantico"
    SYSTEM_ERROR = "PAA_SYSTEM_ERROR", "Errore generico"


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the table looks at. `creditor` is None when the domain asked about is not ours.

    `domain`, `broker` and `station` are empty where the request does not say them: then it is the syntax that is wrong.
    `takes_stamp`: the payment was started at our own Checkout, and the operation can carry a digital stamp.
    `is_closed`: its debt position is paid in another way. `certainty`: how well the amount of the moment is known.
    """

    domain: str
    creditor: Creditor | None
    broker: str
    station: str
    well_formed: bool
    position: Position | None
    today: date
    takes_stamp: bool = False
    is_closed: bool = False
    certainty: Certainty = Certainty.CERTAIN


CALLER_ROWS: Final[tuple[tuple[Fault, Callable[[Situation], bool]], ...]] = (
    (Fault.UNKNOWN_DOMAIN, lambda asked: bool(asked.domain) and asked.creditor is None),
    (
        Fault.UNKNOWN_BROKER,
        lambda asked: asked.creditor is not None and asked.broker not in ("", asked.creditor.broker_fiscal_code),
    ),
    (
        Fault.UNKNOWN_STATION,
        lambda asked: asked.creditor is not None and asked.station not in ("", asked.creditor.station_id),
    ),
    (Fault.SYNTAX, lambda asked: not asked.well_formed),
)

PAYMENT_ROWS: Final[tuple[tuple[Fault, Callable[[Situation], bool]], ...]] = (
    (Fault.UNKNOWN_PAYMENT, lambda asked: asked.position is None),
    (
        Fault.DUPLICATE_PAYMENT,
        lambda asked: asked.position is not None and asked.position.paid_receipt_id is not None,
    ),
    # SANP's own answer for an option that was not chosen (pagopa-obligations.md section 4.5).
    (Fault.UNKNOWN_PAYMENT, lambda asked: asked.is_closed),
    (Fault.EXPIRED_PAYMENT, lambda asked: asked.position is not None and asked.position.is_expired(asked.today)),
    (
        Fault.CANCELLED_PAYMENT,
        lambda asked: asked.position is not None and asked.position.status is PositionStatus.CANCELLED,
    ),
    # A digital stamp is sold only through our own Checkout, by paGetPaymentV2 (pagopa.md section 3.10).
    (
        Fault.SEMANTICS,
        lambda asked: (
            asked.position is not None
            and asked.position.terms is not None
            and asked.position.terms.has_stamp
            and not asked.takes_stamp
        ),
    ),
    # No amount is not a legal one (pagopa-obligations.md section 5), and the node is never told one that nobody knows.
    (Fault.CANCELLED_PAYMENT, lambda asked: asked.certainty is Certainty.NOTHING_DUE),
    (Fault.SYSTEM_ERROR, lambda asked: asked.certainty is Certainty.UNKNOWN),
    # Cannot happen while practices numbers its events, but an amount is never invented.
    (Fault.SYSTEM_ERROR, lambda asked: asked.position is not None and asked.position.terms is None),
)


def refuse_caller(asked: Situation) -> Fault | None:
    """Answer the rows that hold for every operation: who asks, through what, and whether it can be read."""
    return next((fault for fault, holds in CALLER_ROWS if holds(asked)), None)


def refuse_payment(asked: Situation) -> Fault | None:
    """Answer the whole table for verify and getPayment; None means the payment may go on."""
    return refuse_caller(asked) or next((fault for fault, holds in PAYMENT_ROWS if holds(asked)), None)
