"""Value objects for the codes and amounts that people type and the node sends; each checks itself on construction.

They are strings and integers that cannot be wrong: wherever one is, its shape has been checked. Check digits are
enforced on what people type (`NoticeNumber.typed`, `FiscalCode.typed`), never on what the node sends: official samples
carry wrong ones (shared specification pagopa.md section 1.1).
"""

import re
from decimal import Decimal
from typing import Final, Self

from stdnum import iban, luhn
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.it import codicefiscale

from contracts.errors import ErrorCode, Refused

AMOUNT_MAX_CENTS: Final = 99_999_999_999
DESCRIPTION_MAX_CHARS: Final = 140
JOINERS: Final = "\u200c\u200d"
"""They draw nothing, and in some alphabets they are spelling: whether the letters beside them grow together."""
NAME_MAX_CHARS: Final = 70
EMAIL_MAX_CHARS: Final = 256
EMAIL_PATTERN: Final = r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*"  # stEMail of paForNode.xsd
INSTALMENTS_MAX: Final = 999
OPTION_MAX_CHARS: Final = 35
ANONYMOUS_FISCAL_CODE: Final = "ANONIMO"
_SEPA: Final = (
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE "
    "SI SK SM VA"
)
SEPA_COUNTRIES: Final = frozenset(_SEPA.split())
"""Countries whose accounts a SEPA credit transfer reaches, as an IBAN begins (EPC409-09)."""
MAX_NOTICES_PER_CHECKOUT: Final = 5

_NOTICE_NUMBER: Final = re.compile(r"[0-9]{18}")
_FISCAL_CODE: Final = re.compile(r"[A-Z0-9]{16}|[0-9]{11}")
_CREDITOR_FISCAL_CODE: Final = re.compile(r"[0-9]{11}")
_IUV: Final = re.compile(r"[0-9]{15}|[0-9]{17}")
_HOST_LABEL: Final = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_RFC_EMAIL_MAX_CHARS: Final = 254
_RFC_LOCAL_MAX_CHARS: Final = 64
# A dot before three digits is a thousands separator to one reader and three decimals to another, and a comma too: each
# is taken only where another sign before the decimals settles the matter. A space or an apostrophe between three digits
# and others says only one thing, and elsewhere nothing: `12 50` may be 12.50 or 1250.
_TYPED_AMOUNT: Final = re.compile(
    r"\d+([.,]\d{1,2})?|\d{1,3}(\.\d{3})+,\d{1,2}|\d{1,3}(,\d{3})+\.\d{1,2}|\d{1,3}([ '’]\d{3})+([.,]\d{1,2})?"
)


def check_digits(first_sixteen: str) -> str:
    """Return the two check digits of a notice number: its first 16 digits mod 93 (SACI 3.x)."""
    return f"{int(first_sixteen) % 93:02d}"


def is_email(text: str) -> bool:
    """Return whether pagoPA takes `text` as an e-mail address."""
    return len(text) <= EMAIL_MAX_CHARS and re.fullmatch(EMAIL_PATTERN, text) is not None


def is_checkout_email(text: str) -> bool:
    """Return whether the node and Checkout both take `text` as an e-mail address.

    Checkout's is OpenAPI's `format: email` (RFC 5321): no dot at an end or beside another, whole host labels.
    """
    local, _, host = text.rpartition("@")
    labels = host.split(".")
    return (
        is_email(text)
        and len(text) <= _RFC_EMAIL_MAX_CHARS
        and len(local) <= _RFC_LOCAL_MAX_CHARS
        and all(local.split("."))
        and len(labels) > 1
        and all(_HOST_LABEL.fullmatch(one) for one in labels)
        and not labels[-1].isdigit()
    )


class NoticeNumber(str):
    """Codice avviso (NAV): 18 digits, the first one the aux digit. Raises Refused(INVALID_NOTICE_NUMBER)."""

    __slots__ = ()

    def __new__(cls, digits: str) -> Self:
        """Check and construct."""
        if not _NOTICE_NUMBER.fullmatch(digits):
            raise Refused(ErrorCode.INVALID_NOTICE_NUMBER)
        return super().__new__(cls, digits)

    @classmethod
    def typed(cls, text: str) -> Self:
        """Accept what a person typed: spaces allowed, check digits enforced.

        Raises Refused(INVALID_NOTICE_NUMBER).
        """
        number = cls(re.sub(r"[\s.-]", "", text))
        if number[0] != "1" and number[16:] != check_digits(number[:16]):
            raise Refused(ErrorCode.INVALID_NOTICE_NUMBER)
        return number

    @classmethod
    def issue(cls, segregation_code: str, base: int) -> Self:
        """Make the aux-digit-3 number of `base` (0 to 9,999,999,999,999) under a two-digit segregation code."""
        first_sixteen = f"3{segregation_code}{base:013d}"
        return cls(first_sixteen + check_digits(first_sixteen))

    @property
    def iuv(self) -> "Iuv":
        """The creditorReferenceId: 15 digits for aux digit 0, else 17."""
        return Iuv(self[3:] if self[0] == "0" else self[1:])

    @property
    def grouped(self) -> str:
        """As printed: NNNN NNNN NNNN NNNN NN."""
        return " ".join(self[i : i + 4] for i in range(0, 18, 4))


class Iuv(str):
    """The IUV of a notice of ours (creditorReferenceId): 15 digits under aux digit 0, else 17.

    What other bodies and older models use (up to 35 characters) stays a plain string. Raises Refused(INVALID_REQUEST).
    """

    __slots__ = ()

    def __new__(cls, digits: str) -> Self:
        """Check and construct."""
        if not _IUV.fullmatch(digits):
            raise Refused(ErrorCode.INVALID_REQUEST)
        return super().__new__(cls, digits)


class FiscalCode(str):
    """Codice fiscale: 16 characters for a person, 11 digits for a body or a provisional code.

    Raises Refused(INVALID_FISCAL_CODE).
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check and construct."""
        if not _FISCAL_CODE.fullmatch(text):
            raise Refused(ErrorCode.INVALID_FISCAL_CODE)
        return super().__new__(cls, text)

    @classmethod
    def typed(cls, text: str) -> Self:
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
        return "G" if len(self) == 11 else "F"


class CreditorFiscalCode(str):
    """The fiscal code of a public body: 11 digits, no Luhn, which official test bodies fail (pagopa.md section 1.4).

    Raises Refused(INVALID_FISCAL_CODE).
    """

    __slots__ = ()

    def __new__(cls, digits: str) -> Self:
        """Check and construct."""
        if not _CREDITOR_FISCAL_CODE.fullmatch(digits):
            raise Refused(ErrorCode.INVALID_FISCAL_CODE)
        return super().__new__(cls, digits)


class Iban(str):
    """An account that a SEPA credit transfer reaches: shape and length of its country, check digits (ISO 13616).

    Raises Refused(INVALID_IBAN).
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check and construct."""
        if text[:2] not in SEPA_COUNTRIES:
            raise Refused(ErrorCode.INVALID_IBAN)
        try:
            is_as_written = iban.validate(text) == text
        except StdnumError:
            raise Refused(ErrorCode.INVALID_IBAN) from None
        if not is_as_written:
            raise Refused(ErrorCode.INVALID_IBAN)
        return super().__new__(cls, text)

    @classmethod
    def typed(cls, text: str) -> Self:
        """Accept what a person typed or copied: in groups, in small letters, with the word IBAN before it.

        Raises Refused(INVALID_IBAN).
        """
        return cls(re.sub(r"[\s.-]", "", text).upper().removeprefix("IBAN").lstrip(":"))

    @property
    def masked(self) -> str:
        """Enough to recognise it by, too little to pay into: `IT60…3456`."""
        return f"{self[:4]}…{self[-4:]}"


class AmountCents(int):
    """An amount that pagoPA can carry (stAmountNotZero): 0.01 to 999,999,999.99 euro, in cents.

    Raises Refused(AMOUNT_OUT_OF_RANGE).
    """

    __slots__ = ()

    def __new__(cls, cents: int) -> Self:
        """Check and construct."""
        if not 0 < cents <= AMOUNT_MAX_CENTS:
            raise Refused(ErrorCode.AMOUNT_OUT_OF_RANGE)
        return super().__new__(cls, cents)

    @classmethod
    def typed(cls, text: str) -> Self:
        """Read an amount in euro as a person types it (`1.234,56`, `1234.5`, `1 234,56`, `1,234.56`, `25`).

        Raises Refused(INVALID_AMOUNT) for anything else, three decimals and the ambiguous `1.000` included, and
        Refused(AMOUNT_OUT_OF_RANGE).
        """
        text = re.sub(r"\s+", " ", text.replace("€", " ")).strip()
        if not _TYPED_AMOUNT.fullmatch(text):
            raise Refused(ErrorCode.INVALID_AMOUNT)
        text = re.sub(r"[ '’]", "", text)
        # Of two signs the last one stands before the decimals.
        if text.rfind(",") > text.rfind("."):
            text = text.replace(".", "").replace(",", ".")
        return cls(int(Decimal(text.replace(",", "")) * 100))
