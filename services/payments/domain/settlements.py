"""Settlement flows: whether their totals hold, what each row means, whose bank credit it was (pagopa.md section 5)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Final

from contracts.rpc.payments import ReceivedTransfer
from contracts.shapes import Transfer


class Outcome(IntEnum):
    """codiceEsitoSingoloPagamento."""

    EXECUTED = 0
    REVOKED = 3
    STAND_IN = 4
    STAND_IN_WITHOUT_REQUEST = 8
    WITHOUT_REQUEST = 9


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One transfer the bank has been told of. `index` is the transfer of the payment, None where it is not said."""

    iuv: str
    iur: str
    index: int | None
    amount_cents: int
    outcome: Outcome
    paid_on: date


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row that is not as it must be: which of the flow's it is, from 1, and what is wrong with it."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A settlement flow: the rows behind one bank credit. `revision` orders flows of the same moment (REST only).

    `unread` are rows that say nothing we can read: they stop no other, and such a flow never adds up.
    """

    flow_id: str
    flow_at: datetime
    revision: int
    regulation_id: str
    settled_on: date
    sender_id: str
    sender_name: str | None
    receiver_fiscal_code: str
    count: int
    total_cents: int
    rows: tuple[FlowRow, ...]
    unread: tuple[UnreadRow, ...] = ()

    @property
    def adds_up(self) -> bool:
        """Return whether the rows are as many and as much as the flow declares."""
        return (
            not self.unread
            and self.count == len(self.rows)
            and self.total_cents == sum(row.amount_cents for row in self.rows)
        )


@dataclass(frozen=True, slots=True)
class LargeFlow:
    """The head of a flow whose rows take too long to be read while somebody waits: `head` has none."""

    head: Flow


class Finding(StrEnum):
    """What a row turned out to be. A row not looked at yet has none of these."""

    REPORTED = "reported"
    # Paid, and no receipt has come: it is made from the notice, and filled in when it does come.
    RECOVERED = "recovered"
    # Given back to the payer.
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    # There is such a payment, but not this transfer of it or not this amount.
    AMOUNT_DIFFERS = "amount_differs"
    # The same transfer stands in another row already.
    REPEATED = "repeated"
    # The notice has been paid, and no receipt of it fits this row that other rows do not hold already.
    NO_RECEIPT_FITS = "no_receipt_fits"
    # There is such a notice, unpaid, and the node never asked us about it: perhaps another owner's of the same IUV.
    NEVER_ACTIVATED = "never_activated"
    # It stood in an earlier revision and no longer does.
    WITHDRAWN = "withdrawn"


SETTLED: Final = frozenset({Finding.REPORTED, Finding.RECOVERED})
# What a human must look at.
WORKLIST: Final = frozenset(Finding) - SETTLED


@dataclass(frozen=True, slots=True)
class ExpectedTransfers:
    """What a row is compared with: the transfers, of a receipt or of a notice, that go to the flow's receiver."""

    amounts_by_index: Mapping[int, int]

    @classmethod
    def to(cls, receiver_fiscal_code: str, transfers: Sequence[Transfer | ReceivedTransfer]) -> "ExpectedTransfers":
        """Take the receiver's own transfers. One without IBAN is a stamp (@e.bollo), which no flow ever holds."""
        own = [transfer for transfer in transfers if transfer.fiscal_code == receiver_fiscal_code and transfer.iban]
        return cls({one.id_transfer: one.amount_cents for one in own if one.id_transfer and one.amount_cents})

    def transfer_of(self, row: FlowRow) -> int | None:
        """Return which transfer the row is; None when it is none of these."""
        if row.index is None:
            fitting = [index for index, amount in self.amounts_by_index.items() if amount == row.amount_cents]
            return fitting[0] if len(fitting) == 1 else None
        return row.index if self.amounts_by_index.get(row.index) == row.amount_cents else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding, and the transfer it is about where it is one of ours."""

    finding: Finding
    transfer: int | None = None


def find(
    row: FlowRow, *, receipt: ExpectedTransfers | None, notice: ExpectedTransfers | None, reported: frozenset[int]
) -> Verdict:
    """Return what a row is.

    `receipt` is the one it is about, `notice` the position of its IUV while nothing has been paid for it; `reported`
    are the transfers of that receipt that other rows already hold.
    """
    if row.outcome is Outcome.REVOKED:
        return Verdict(Finding.REVOKED)
    expected = receipt or notice
    if expected is None:
        return Verdict(Finding.UNKNOWN)
    transfer = expected.transfer_of(row)
    if transfer is None:
        return Verdict(Finding.AMOUNT_DIFFERS)
    if transfer in reported:
        return Verdict(Finding.REPEATED)
    return Verdict(Finding.REPORTED if receipt else Finding.RECOVERED, transfer)


_URI: Final = re.compile(r"/\s*U\s*R\s*I\s*/", re.IGNORECASE)
# Day, PSP, what the PSP likes (pagopa.md section 5.1).
_FLOW_ID: Final = re.compile(r"\d{4}-\d{2}-\d{2}[A-Za-z0-9_]+-[A-Za-z0-9_-]*[A-Za-z0-9_]")


def flow_id_in(remittance_text: str) -> str | None:
    """Read the flow's id from the text of a bank credit (SCT AT-05), which banks break into lines as they like.

    It ends at white space, once it is whole: a guess, which the ids of the flows that are known put right.
    """
    found = _URI.search(remittance_text)
    read = ""
    for piece in remittance_text[found.end() :].split() if found else ():
        read += piece
        if whole := _FLOW_ID.match(read):
            return whole[0]
    return None


def squeezed(remittance_text: str) -> str:
    """Return the text as known flow ids are looked for in it: without white space, in capitals."""
    return "".join(remittance_text.split()).upper()
