"""The variable parts of the API's addresses: what each is, for the OpenAPI document, and what it may be."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, OneOf

from contracts.rpc.identity import PURPOSES
from gateway.api.field_errors import FieldError, invalid, of_parameters
from gateway.api.json_checks import is_readable


def _text(description: str, max_chars: int) -> fields.Field[Any]:
    return fields.String(validate=Length(1, max_chars), metadata={"description": description})


def _id(description: str) -> fields.Field[Any]:
    return fields.UUID(metadata={"description": description})


PATH_PARTS: Final[Mapping[str, fields.Field[Any]]] = {
    "entity": _text("The creditor's code on this portal, for example `PM108`.", 35),
    "practice_id": _id("The practice."),
    "checkout_id": _id("The checkout."),
    "import_id": _id("The import."),
    "job_id": _id("The printing job's id."),
    "external_id": _text("The entity's own reference of the debt.", 70),
    "link_id": _id("The link to pay a debt by."),
    "purpose": fields.String(validate=OneOf(PURPOSES), metadata={"description": "The purpose of the consent."}),
    "flow_id": _text("The flow's identificativoFlusso.", 35),
    "reference": _text("The bank's reference of the credit.", 70),
    "case_id": _id("The case of unexpected money."),
    "export_id": _id("The file of refunds."),
    "webhook_id": _id("The webhook."),
    "consumer": _text("Who has given up on them, for example `practices.on_payment_confirmed`.", 100),
    "letter_id": _text("The event's id.", 70),
    "day": fields.Date(metadata={"description": "The day of settlement (dataRegolamento), YYYY-MM-DD."}),
}
# An id or a purpose that is none is an address that does not exist; a day is read by its resource.
_CHECKED: Final = ("entity", "external_id", "flow_id", "reference", "consumer", "letter_id")


def check_path(path: Mapping[str, Any]) -> None:
    """Raise Refused(INVALID_REQUEST) naming the parts that are too long or not readable."""
    wrong: list[FieldError] = []
    for name in _CHECKED:
        if name not in path:
            continue
        if not is_readable(path[name]):
            wrong.append(FieldError("parameter", name, "characters"))
        try:
            PATH_PARTS[name].deserialize(path[name])
        except ValidationError as error:
            wrong += of_parameters({name: error.messages})
    if wrong:
        raise invalid(wrong)
