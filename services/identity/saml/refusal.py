"""Why a SAML message is refused: one reason per check, for logs and tests, never for the citizen."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """The check that failed. Grouped in the order in which they run (spid.md section 4)."""

    # the bytes
    TOO_LARGE = "too_large"
    NOT_BASE64 = "not_base64"
    MALFORMED_XML = "malformed_xml"
    DTD_FORBIDDEN = "dtd_forbidden"
    COMMENT_IN_ASSERTION = "comment_in_assertion"
    # the shape
    NOT_A_RESPONSE = "not_a_response"
    ID_MISSING = "id_missing"
    ID_DUPLICATED = "id_duplicated"
    RESPONSE_NESTED = "response_nested"
    ASSERTION_ENCRYPTED = "assertion_encrypted"
    ASSERTION_REPEATED = "assertion_repeated"
    ASSERTION_MISPLACED = "assertion_misplaced"
    SIGNATURE_MISPLACED = "signature_misplaced"
    SIGNATURE_REPEATED = "signature_repeated"
    ELEMENT_UNKNOWN = "element_unknown"
    # the request it answers
    UNSOLICITED = "unsolicited"
    REQUEST_EXPIRED = "request_expired"
    REQUEST_CONSUMED = "request_consumed"
    OTHER_BROWSER = "other_browser"
    # the Response
    RESPONSE_VERSION = "response_version"
    RESPONSE_INSTANT_INVALID = "response_instant_invalid"
    RESPONSE_BEFORE_REQUEST = "response_before_request"
    RESPONSE_IN_FUTURE = "response_in_future"
    RESPONSE_DESTINATION = "response_destination"
    RESPONSE_ISSUER = "response_issuer"
    RESPONSE_ISSUER_FORMAT = "response_issuer_format"
    STATUS_MISSING = "status_missing"
    STATUS_NOT_SUCCESS = "status_not_success"
    USER_ANOMALY = "user_anomaly"
    ASSERTION_MISSING = "assertion_missing"
    # the signatures
    ASSERTION_UNSIGNED = "assertion_unsigned"
    SIGNATURE_OBJECT = "signature_object"
    SIGNATURE_ALGORITHM = "signature_algorithm"
    SIGNATURE_REFERENCE = "signature_reference"
    SIGNATURE_TRANSFORM = "signature_transform"
    SIGNATURE_INVALID = "signature_invalid"
    IDP_CERTIFICATE_EXPIRED = "idp_certificate_expired"
    # the Assertion, read from the verified bytes
    ASSERTION_VERSION = "assertion_version"
    ASSERTION_INSTANT_INVALID = "assertion_instant_invalid"
    ASSERTION_BEFORE_REQUEST = "assertion_before_request"
    ASSERTION_IN_FUTURE = "assertion_in_future"
    ASSERTION_ISSUER = "assertion_issuer"
    ASSERTION_ISSUER_FORMAT = "assertion_issuer_format"
    SUBJECT_MISSING = "subject_missing"
    NAME_ID = "name_id"
    NAME_ID_FORMAT = "name_id_format"
    NAME_ID_QUALIFIER = "name_id_qualifier"
    CONFIRMATION_METHOD = "confirmation_method"
    CONFIRMATION_DATA_MISSING = "confirmation_data_missing"
    CONFIRMATION_RECIPIENT = "confirmation_recipient"
    CONFIRMATION_IN_RESPONSE_TO = "confirmation_in_response_to"
    CONFIRMATION_INSTANT_INVALID = "confirmation_instant_invalid"
    CONFIRMATION_EXPIRED = "confirmation_expired"
    CONDITIONS_MISSING = "conditions_missing"
    CONDITIONS_INSTANT_INVALID = "conditions_instant_invalid"
    CONDITIONS_NOT_YET_VALID = "conditions_not_yet_valid"
    CONDITIONS_EXPIRED = "conditions_expired"
    AUDIENCE = "audience"
    AUTHN_STATEMENT_MISSING = "authn_statement_missing"
    AUTHN_CONTEXT = "authn_context"
    LEVEL_TOO_LOW = "level_too_low"
    SESSION_EXPIRED = "session_expired"
    ATTRIBUTES_MISSING = "attributes_missing"
    ATTRIBUTE_INVALID = "attribute_invalid"
    # what was done with it
    REPLAYED = "replayed"
    FISCAL_CODE = "fiscal_code"


USER_ANOMALIES: Final = frozenset({19, 20, 21, 22, 23, 25, 30})
"""Error codes that are about who logs in, not about the two systems; each has its own page (spid.md 1.4)."""


class ResponseRefused(Exception):
    """A message that must not be acted on. `anomaly` is set for Reason.USER_ANOMALY only; `detail` is for the log."""

    def __init__(self, reason: Reason, *, anomaly: int | None = None, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.anomaly = anomaly
        self.detail = detail


def require(condition: object, reason: Reason) -> None:
    """Raise ResponseRefused(reason) unless `condition` is true."""
    if not condition:
        raise ResponseRefused(reason)
