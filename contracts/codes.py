"""Value objects for the codes people type and the node sends.

Check digits are enforced on what people type (`NoticeNumber.typed`, `FiscalCode.typed`), never on what the
node sends: official samples carry wrong ones (shared specification pagopa.md section 1.1).
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from stdnum import luhn
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.it import codicefiscale

from contracts.errors import ErrorCode, Refused

AMOUNT_MAX_CENTS: Final = 99_999_999_999
DESCRIPTION_MAX_CHARS: Final = 140
ANONYMOUS_FISCAL_CODE: Final = "ANONIMO"
MAX_NOTICES_PER_CHECKOUT: Final = 5

_NOTICE_NUMBER = re.compile(r"[0-9]{18}")
# A dot before three digits is a thousands separator to one reader and three decimals to another:
# it is taken only where a decimal comma settles the matter.
_TYPED_AMOUNT = re.compile(r"\d+([.,]\d{1,2})?|\d{1,3}(\.\d{3})+,\d{1,2}")


def check_digits(first_sixteen: str) -> str:
    """Return the two check digits of a notice number: its first 16 digits mod 93 (SACI 3.x)."""
    return f"{int(first_sixteen) % 93:02d}"


@dataclass(frozen=True, slots=True)
class NoticeNumber:
    """Codice avviso (NAV): 18 digits, the first one the aux digit."""

    digits: str

    def __post_init__(self) -> None:
        if not _NOTICE_NUMBER.fullmatch(self.digits):
            raise Refused(ErrorCode.INVALID_NOTICE_NUMBER)

    @classmethod
    def typed(cls, text: str) -> "NoticeNumber":
        """Accept what a person typed: spaces allowed, check digits enforced.

        Raises Refused(INVALID_NOTICE_NUMBER).
        """
        number = cls(re.sub(r"[\s.-]", "", text))
        if number.digits[0] != "1" and number.digits[16:] != check_digits(number.digits[:16]):
            raise Refused(ErrorCode.INVALID_NOTICE_NUMBER)
        return number

    @classmethod
    def issue(cls, segregation_code: str, base: int) -> "NoticeNumber":
        """Make the aux-digit-3 number of `base` (0 to 9,999,999,999,999) under a two-digit segregation code."""
        first_sixteen = f"3{segregation_code}{base:013d}"
        return cls(first_sixteen + check_digits(first_sixteen))

    @property
    def iuv(self) -> str:
        """The creditorReferenceId: 15 digits for aux digit 0, else 17."""
        return self.digits[3:] if self.digits[0] == "0" else self.digits[1:]

    @property
    def grouped(self) -> str:
        """As printed: NNNN NNNN NNNN NNNN NN."""
        return " ".join(self.digits[i : i + 4] for i in range(0, 18, 4))


@dataclass(frozen=True, slots=True)
class FiscalCode:
    """Codice fiscale: 16 characters for a person, 11 digits for a body or a provisional code."""

    value: str

    @classmethod
    def typed(cls, text: str) -> "FiscalCode":
        """Accept what a person typed, upper-cased, check character enforced.

        Raises Refused(INVALID_FISCAL_CODE).
        """
        value = codicefiscale.compact(text)
        # The codice fiscale of a body has the partita IVA's check digit but not its province codes.
        checked = luhn if re.fullmatch(r"[0-9]{11}", value) else codicefiscale
        try:
            return cls(checked.validate(value))
        except StdnumError:
            raise Refused(ErrorCode.INVALID_FISCAL_CODE) from None

    @property
    def entity_type(self) -> str:
        """pagoPA's entityUniqueIdentifierType: F for a person, G for a body."""
        return "G" if len(self.value) == 11 else "F"


def parse_amount_cents(text: str) -> int:
    """Read an amount in euro as a person types it (`1.234,56`, `1234.5`, `25`) into cents.

    Raises Refused(INVALID_AMOUNT) for anything else, three decimals and the ambiguous `1.000` included, and
    Refused(AMOUNT_OUT_OF_RANGE) outside 0.01 to 999,999,999.99.
    """
    text = re.sub(r"[\s€]", "", text)
    if not _TYPED_AMOUNT.fullmatch(text):
        raise Refused(ErrorCode.INVALID_AMOUNT)
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    return checked_amount_cents(int(Decimal(text) * 100))


def checked_amount_cents(amount_cents: int) -> int:
    """Return `amount_cents` when pagoPA can carry it (stAmountNotZero), else raise Refused(AMOUNT_OUT_OF_RANGE)."""
    if not 0 < amount_cents <= AMOUNT_MAX_CENTS:
        raise Refused(ErrorCode.AMOUNT_OUT_OF_RANGE)
    return amount_cents
