"""What a position must be to be taken (pagopa-obligations.md section 1.3), in our own words.

A problem is what GPD answers: status, title, and a detail for people.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

Json = Mapping[str, Any]


class Refusal(Exception):
    """Why a call is refused, as GPD writes it."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What one value must be: whether it must be there, its type, its length, its letters, its least."""

    name: str
    kind: type = str
    required: bool = False
    max_chars: int | None = None
    pattern: str | None = None
    least: int | None = None

    def problem(self, holder: Json) -> str | None:
        """Return what is wrong with the value in its holder, or None."""
        value: Any = holder.get(self.name)
        if self.name not in holder:
            return f"{self.name} is missing" if self.required else None
        if (type(value) is bool and self.kind is not bool) or not isinstance(value, self.kind):
            return f"{self.name} is of the wrong kind"
        return self._problem_of(value)

    def _problem_of(self, value: Any) -> str | None:
        if self.max_chars is not None and len(value) > self.max_chars:
            return f"{self.name} has more than {self.max_chars} characters"
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            return f"{self.name} is not as it must be"
        return f"{self.name} is less than {self.least}" if self.least is not None and value < self.least else None


_IBAN: Final = r"[A-Za-z0-9]{1,35}"
_POSITION: Final = (
    Field(name="iupd", required=True, max_chars=255, pattern=".+"),
    Field(name="type", required=True, pattern="F|G"),
    Field(name="fiscalCode", required=True),
    Field(name="fullName", required=True),
    Field(name="companyName", required=True, max_chars=140),
    Field(name="officeName", max_chars=140),
    Field(name="switchToExpired", kind=bool, required=True),
    Field(name="payStandIn", kind=bool),
    *(Field(name=name) for name in ("streetName", "civicNumber", "postalCode", "city", "province", "region", "phone")),
    Field(name="country", pattern="[A-Z]{2}"),
    Field(name="email", pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    Field(name="paymentOption", kind=list, required=True),
)
_OPTION: Final = (
    Field(name="iuv", required=True, pattern=r"\d{17}"),
    Field(name="nav", pattern=r"\d{18}"),
    Field(name="amount", kind=int, required=True, least=1),
    Field(name="description", required=True, max_chars=140),
    Field(name="isPartialPayment", kind=bool, required=True),
    Field(name="dueDate", required=True),
    Field(name="retentionDate"),
    Field(name="paymentOptionMetadata", kind=list, required=True),
    Field(name="transfer", kind=list, required=True),
)
_TRANSFER: Final = (
    Field(name="idTransfer", required=True, pattern="[1-5]"),
    Field(name="amount", kind=int, required=True, least=1),
    Field(name="remittanceInformation", required=True, max_chars=140),
    Field(name="category", required=True),
    Field(name="organizationFiscalCode"),
    Field(name="companyName", max_chars=140),
    Field(name="iban", pattern=_IBAN),
    Field(name="postalIban", pattern=_IBAN),
    Field(name="stamp", kind=Mapping),
    Field(name="transferMetadata", kind=list, required=True),
)
_STAMP: Final = (
    Field(name="hashDocument", required=True, max_chars=72),
    Field(name="stampType", required=True, pattern=".."),
    Field(name="provincialResidence", required=True, pattern="[A-Z]{2}"),
)
_ENTRY: Final = (
    Field(name="key", required=True, max_chars=140),
    Field(name="value", required=True, max_chars=140),
)
_TRANSFERS_MAX: Final = 5
_METADATA_MAX: Final = 10
_RESERVED: Final = "NOTIFICATION_FEE"


def data_refused(detail: str) -> Refusal:
    """Return the refusal of what is written wrongly."""
    return Refusal(400, "Error in the debt position request data", detail)


def check(position: Any, now: datetime) -> None:
    """Raise Refusal where a position cannot be taken at `now`."""
    for detail in _wrong_in_position(position):
        raise data_refused(detail)
    for option in position["paymentOption"]:
        _check_metadata(option)
        _check_dates(position, option, now)


def _wrong(fields: Sequence[Field], holder: Any, what: str) -> Iterator[str]:
    if not isinstance(holder, Mapping):
        yield f"{what} is no object"
        return
    for field in fields:
        if problem := field.problem(holder):
            yield f"{what}.{problem}"


def _wrong_in_position(position: Any) -> Iterator[str]:
    yield from _wrong(_POSITION, position, "position")
    if not position["paymentOption"]:
        yield "paymentOption is missing"
    for option in position["paymentOption"]:
        yield from _wrong_in_option(option)


def _wrong_in_option(option: Any) -> Iterator[str]:
    yield from _wrong(_OPTION, option, "paymentOption")
    if read_moment(option["dueDate"]) is None:
        yield "dueDate is not a date-time"
    transfers = option["transfer"]
    if not 1 <= len(transfers) <= _TRANSFERS_MAX:
        yield "one to five transfers"
    for transfer in transfers:
        yield from _wrong_in_transfer(transfer)
    if len({transfer["idTransfer"] for transfer in transfers}) != len(transfers):
        yield "idTransfer is not unique"
    if sum(transfer["amount"] for transfer in transfers) != option["amount"]:
        yield "the amount is not the sum of its transfers"
    for entry in option["paymentOptionMetadata"]:
        yield from _wrong(_ENTRY, entry, "paymentOptionMetadata")


def _wrong_in_transfer(transfer: Any) -> Iterator[str]:
    yield from _wrong(_TRANSFER, transfer, "transfer")
    iban, stamp = transfer.get("iban"), transfer.get("stamp")
    if (iban is None) == (stamp is None):
        yield "exactly one of iban and stamp"
    if stamp is not None and transfer.get("postalIban") is not None:
        yield "postalIban with a stamp"
    if stamp is not None:
        yield from _wrong(_STAMP, stamp, "stamp")
    for entry in transfer["transferMetadata"]:
        yield from _wrong(_ENTRY, entry, "transferMetadata")


def _check_metadata(option: Json) -> None:
    if any(entry["key"] == _RESERVED for entry in option["paymentOptionMetadata"]):
        raise Refusal(409, "The payment option contains reserved metadata")
    if not _are_few_and_unique(option["paymentOptionMetadata"]):
        raise Refusal(409, "The metadata violated constraints of uniqueness")
    if not all(_are_few_and_unique(transfer["transferMetadata"]) for transfer in option["transfer"]):
        raise Refusal(409, "The transfer metadata violated constraints of uniqueness")


def _are_few_and_unique(entries: Sequence[Json]) -> bool:
    return len({entry["key"] for entry in entries}) == len(entries) <= _METADATA_MAX


def _check_dates(position: Json, option: Json, now: datetime) -> None:
    due, valid = read_moment(option["dueDate"]), read_moment(position.get("validityDate"))
    if due is not None and due < now:
        raise data_refused("dueDate is in the past")
    if valid is not None and valid <= now:
        raise data_refused("validityDate must be later than now")
    if valid is not None and due is not None and due < valid:
        raise Refusal(409, "The due date of a payment option is before the validity date")


def read_moment(text: Any) -> datetime | None:
    """Read a date-time with its zone; None for what is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
