"""What pagoPA's answers say of a position: read as far as it can be compared with ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.payments.domain.archive import Archivable, Remote, instant
from services.payments.domain.node_time import read_moment

_REMOTE_OF: Final[Mapping[str, Remote]] = {
    "DRAFT": Remote.DRAFT,
    "PUBLISHED": Remote.OPEN,
    "VALID": Remote.OPEN,
    "EXPIRED": Remote.EXPIRED,
    "INVALID": Remote.INVALID,
    "PARTIALLY_PAID": Remote.PAID,
    "PAID": Remote.PAID,
    "REPORTED": Remote.PAID,
}
_WRONG: Final = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPosition:
    """A position as pagoPA has it. `receipt_id` is that of the payment where it was paid through pagoPA."""

    iupd: str
    notice_number: str
    remote: Remote
    due_at: datetime | None
    receipt_id: str | None
    content: tuple[Any, ...]

    def says(self, ours: Archivable, now: datetime) -> bool:
        """Return whether it says what we would: all but the debtor, of whom the answers say nothing.

        A due date that has passed is not compared: pagoPA was told another in its place.
        """
        if ours.position.terms is None:
            return False
        content = ours.content(now)
        option = content["paymentOption"][0]
        due_is_right = option["dueDate"] <= instant(now) or (
            self.due_at is not None and instant(self.due_at) == option["dueDate"]
        )
        return due_is_right and self.content == _comparable(content, option)


def listed(body: Mapping[str, Any]) -> tuple[Sequence[Any], int] | None:
    """Return the entries of a page of the list and how many pages there are; None for what is no such page."""
    try:
        entries, pages = body.get("payment_position_list") or [], (body.get("page_info") or {}).get("total_pages") or 0
        return (entries, int(pages)) if isinstance(entries, list) else None
    except _WRONG:
        return None


def read(body: Mapping[str, Any]) -> SeenPosition | None:
    """Read an answer (PaymentPositionModelBaseResponse); None for one that cannot be read."""
    try:
        option = body["paymentOption"][0]
        due = option.get("dueDate")
        receipt_id = option.get("idReceipt")
        return SeenPosition(
            iupd=str(body["iupd"]),
            notice_number=str(option["nav"]),
            remote=_REMOTE_OF[body["status"]],
            due_at=read_moment(due) if due else None,
            receipt_id=str(receipt_id) if receipt_id and not str(receipt_id).startswith("CLOSED_") else None,
            content=_comparable(body, option),
        )
    except _WRONG:
        return None


def _comparable(body: Mapping[str, Any], option: Mapping[str, Any]) -> tuple[Any, ...]:
    transfers = sorted(option["transfer"], key=lambda transfer: str(transfer["idTransfer"]))
    return (
        body["type"],
        body["companyName"],
        option["iuv"],
        option["amount"],
        option["description"],
        tuple(
            (
                str(one["idTransfer"]),
                one["amount"],
                one.get("organizationFiscalCode"),
                one["category"],
                one.get("iban"),
                one["remittanceInformation"],
            )
            for one in transfers
        ),
    )
