"""The closed list of errors that may cross a process boundary, in three families.

Refused: a business rule said no; show it. Unavailable: try again later. Broken: a bug; tell somebody.
Codes are stable for ever: adding is allowed, renaming is not (tests/contract/test_contract_errors.py).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class ErrorCode(StrEnum):
    """Stable machine-readable codes."""

    # requests
    INVALID_REQUEST = "invalid_request"
    INVALID_FISCAL_CODE = "invalid_fiscal_code"
    INVALID_NOTICE_NUMBER = "invalid_notice_number"
    INVALID_IBAN = "invalid_iban"
    INVALID_AMOUNT = "invalid_amount"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    AMOUNT_NOT_ALLOWED = "amount_not_allowed"
    SCHEDULE_NOT_ALLOWED = "schedule_not_allowed"
    EXTRA_FIELD_NOT_ALLOWED = "extra_field_not_allowed"
    DESCRIPTION_REQUIRED = "description_required"
    DESCRIPTION_TOO_LONG = "description_too_long"
    BENEFICIARY_REQUIRED = "beneficiary_required"
    NAME_REQUIRED = "name_required"
    NAME_TOO_LONG = "name_too_long"
    STAMP_REQUIRED = "stamp_required"
    INVALID_DATE = "invalid_date"
    DUPLICATE_REFERENCE = "duplicate_reference"
    SPREADSHEET_VALUE = "spreadsheet_value"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    TOO_MANY_REQUESTS = "too_many_requests"
    NOT_FOUND = "not_found"
    LINK_NOT_VALID = "link_not_valid"
    # who
    LOGIN_REQUIRED = "login_required"
    LOGIN_REFUSED = "login_refused"
    SPID_LEVEL_TOO_LOW = "spid_level_too_low"
    UNKNOWN_IDENTITY_PROVIDER = "unknown_identity_provider"
    SESSION_EXPIRED = "session_expired"
    FRESH_LOGIN_REQUIRED = "fresh_login_required"
    CSRF_FAILED = "csrf_failed"
    CONSENT_MISSING = "consent_missing"
    PAYER_NOT_ALLOWED = "payer_not_allowed"
    ANONYMOUS_NOT_ALLOWED = "anonymous_not_allowed"
    API_KEY_INVALID = "api_key_invalid"
    SCOPE_MISSING = "scope_missing"
    # the office
    NOT_AN_OPERATOR = "not_an_operator"
    ROLE_MISSING = "role_missing"
    INVITATION_INVALID = "invitation_invalid"
    INVITATION_OF_ANOTHER = "invitation_of_another"
    ALREADY_AN_OPERATOR = "already_an_operator"
    LAST_ADMINISTRATOR = "last_administrator"
    CHANGED_MEANWHILE = "changed_meanwhile"
    # what
    UNKNOWN_ENTITY = "unknown_entity"
    UNKNOWN_SERVICE = "unknown_service"
    PRACTICE_NOT_FOUND = "practice_not_found"
    PRACTICE_PAID = "practice_paid"
    PRACTICE_BEING_PAID = "practice_being_paid"
    PRACTICE_UNDERPAID = "practice_underpaid"
    PRACTICE_EXPIRED = "practice_expired"
    PRACTICE_CANCELLED = "practice_cancelled"
    PRACTICE_NOT_AMENDABLE = "practice_not_amendable"
    DEBTOR_CHANGED = "debtor_changed"
    EQUAL_PRACTICE_FOUND = "equal_practice_found"
    PRACTICE_ONLINE_ONLY = "practice_online_only"
    RECEIPT_NOT_FOUND = "receipt_not_found"
    STAMP_NOT_FOUND = "stamp_not_found"
    # cart and checkout
    CART_FULL = "cart_full"
    CART_EMPTY = "cart_empty"
    CART_OTHER_ENTITY = "cart_other_entity"
    AMOUNT_CHANGED = "amount_changed"
    AMOUNT_NOT_KNOWN = "amount_not_known"
    NOTHING_DUE = "nothing_due"
    OPTION_CLOSED = "option_closed"
    CHECKOUT_NOT_FOUND = "checkout_not_found"
    CHECKOUT_REFUSED = "checkout_refused"
    CHECKOUT_NOTICE_REFUSED = "checkout_notice_refused"
    CHECKOUT_NOT_ALLOWED = "checkout_not_allowed"
    CHECKOUT_NOTICES_REPEATED = "checkout_notices_repeated"
    CHECKOUT_TOO_MANY_NOTICES = "checkout_too_many_notices"
    # debt files
    IMPORT_NOT_FOUND = "import_not_found"
    IMPORT_NOT_APPLICABLE = "import_not_applicable"
    IMPORT_WRONG_HEADER = "import_wrong_header"
    IMPORT_NOT_UTF8 = "import_not_utf8"
    IMPORT_TOO_LARGE = "import_too_large"
    IMPORT_EMPTY = "import_empty"
    # settlement
    SETTLEMENT_UNREADABLE = "settlement_unreadable"
    SETTLEMENT_TOTALS_DIFFER = "settlement_totals_differ"
    SETTLEMENT_OTHER_BODY = "settlement_other_body"
    SETTLEMENT_NOT_FOUND = "settlement_not_found"
    # money that nobody expected
    MONEY_CASE_NOT_FOUND = "money_case_not_found"
    MONEY_CASE_STEP_NOT_ALLOWED = "money_case_step_not_allowed"
    SECOND_PERSON_REQUIRED = "second_person_required"
    REASON_REQUIRED = "reason_required"
    REFUND_TOO_LARGE = "refund_too_large"
    NO_REFUNDS_TO_EXPORT = "no_refunds_to_export"
    REFUND_EXPORT_NOT_FOUND = "refund_export_not_found"
    # unavailable
    SERVICE_UNAVAILABLE = "service_unavailable"
    CHECKOUT_UNAVAILABLE = "checkout_unavailable"
    CHECKOUT_BUSY = "checkout_busy"
    CHECKOUT_ERROR = "checkout_error"
    OUTCOME_UNKNOWN = "outcome_unknown"
    # broken
    INTERNAL_ERROR = "internal_error"


class Detail(Protocol):
    """What an error tells beyond its code, never personal data."""

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        ...


@dataclass(frozen=True)
class ReceivedParams:
    """JSON values as they stood on the wire, of no type of ours."""

    params: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return them."""
        return self.params


class RpcError(Exception):
    """Base of the three families. `detail` says what the message needs, typed (contracts/error_details.py)."""

    default: ErrorCode = ErrorCode.INTERNAL_ERROR

    def __init__(self, code: ErrorCode | str | None = None, detail: "Detail | None" = None) -> None:
        self.code = ErrorCode(code or self.default)
        # A stock nameko client makes the error again out of what stood on the wire.
        self.detail = ReceivedParams(detail) if isinstance(detail, dict) else detail
        super().__init__(self.code.value)

    @property
    def params(self) -> dict[str, Any]:
        """`detail` as JSON values, for the wire, templates and problem documents."""
        return {} if self.detail is None else self.detail.as_json()


class Refused(RpcError):
    """A rule of the domain said no; asking again changes nothing."""

    default = ErrorCode.INVALID_REQUEST


class Unavailable(RpcError):
    """A part is out of reach; asking again later may work. OUTCOME_UNKNOWN: it may also have been done."""

    default = ErrorCode.SERVICE_UNAVAILABLE


class Broken(RpcError):
    """A bug on the answering side; its log has the cause."""
