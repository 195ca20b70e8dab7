"""What a citizen asks for at a PSP's counter: paDemandPaymentNotice and the XML inside it."""

import base64
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from lxml import etree

from services.payments import hostile_xml
from services.payments.soap.envelope import Unreadable
from services.payments.soap.requests import Message, cents, optional_text

_SCHEMA_FILE: Final = Path(__file__).with_name("specific_data.rng")
_DOCTYPE: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_STUDENT: Final = {
    "full_name": "nominativo",
    "course": "corso",
    "school": "scuola",
    "contribution_type": "contributo",
}


@dataclass(frozen=True, slots=True)
class Demand:
    """Which service, by the PSP's codes, and what was typed. `request` has the rest of contracts DemandRequest."""

    service_id: str
    subject_id: str
    request: dict[str, Any]


def read_demand(message: Message) -> Demand:
    """Read a checked paDemandPaymentNotice. Raises Unreadable when the XML inside is not by our schema."""
    data = _inner(message.body.findtext("datiSpecificiServizioRequest") or "")
    student = data.find("studente")
    amount = optional_text(data, "importo")
    return Demand(
        service_id=message.body.findtext("idServizio") or "",
        subject_id=message.body.findtext("idSoggettoServizio") or "",
        request={
            "fiscal_code": optional_text(data, "codiceFiscale"),
            "full_name": data.findtext("nominativo"),
            "amount_cents": cents(amount) if amount else None,
            "description": optional_text(data, "causale"),
            "beneficiary": None
            if student is None
            else {field: student.findtext(tag) for field, tag in _STUDENT.items()},
        },
    )


def _inner(text: str) -> etree._Element:
    content = base64.b64decode("".join(text.split()))
    if _DOCTYPE.search(content):
        raise Unreadable("datiSpecificiServizio: document types are refused")
    try:
        data = etree.fromstring(content, hostile_xml.parser())
    except etree.XMLSyntaxError:
        raise Unreadable("datiSpecificiServizio: not well formed") from None
    schema = _schema()
    if not schema.validate(data):
        entry = schema.error_log.last_error
        raise Unreadable(f"datiSpecificiServizio: {entry.path if entry is not None else 'not by the schema'}")
    return data


@cache
def _schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(_SCHEMA_FILE))
