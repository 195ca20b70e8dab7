"""What a citizen asks for at a PSP's counter: paDemandPaymentNotice and the XML inside it."""

import base64
from pathlib import Path
from typing import Final

from lxml import etree

from contracts.codes import CreditorFiscalCode
from contracts.rpc.practices import DemandRequest
from contracts.shapes import Beneficiary
from services.payments import hostile_xml
from services.payments.hostile_xml import Unreadable
from services.payments.soap.elements import cents, optional_text, text_of
from services.payments.soap.requests import NodeMessage

_SCHEMA_FILE: Final = Path(__file__).with_name("specific_data.rng")


def read_demand(message: NodeMessage, creditor_fiscal_code: CreditorFiscalCode) -> DemandRequest:
    """Read a checked paDemandPaymentNotice. Raises Unreadable when the XML inside is not by our schema."""
    data = _inner(text_of(message.body, "datiSpecificiServizioRequest"))
    student = data.find("studente")
    amount = optional_text(data, "importo")
    return DemandRequest(
        creditor_fiscal_code=creditor_fiscal_code,
        service_id=text_of(message.body, "idServizio"),
        subject_id=text_of(message.body, "idSoggettoServizio"),
        fiscal_code=optional_text(data, "codiceFiscale"),
        full_name=text_of(data, "nominativo"),
        beneficiary=None if student is None else _beneficiary(student),
        amount_cents=cents(amount) if amount else None,
        description=optional_text(data, "causale"),
    )


def _beneficiary(student: etree._Element) -> Beneficiary:
    return Beneficiary(
        full_name=text_of(student, "nominativo"),
        course=text_of(student, "corso"),
        school=text_of(student, "scuola"),
        contribution_type=text_of(student, "contributo"),
    )


def _inner(text: str) -> etree._Element:
    try:
        data = hostile_xml.parse(base64.b64decode("".join(text.split())))
    except Unreadable as unreadable:
        raise Unreadable(f"datiSpecificiServizio: {unreadable}") from None
    schema = hostile_xml.relax_ng(_SCHEMA_FILE)
    if not schema.validate(data):
        entry = schema.error_log.last_error
        raise Unreadable(f"datiSpecificiServizio: {entry.path if entry is not None else 'not by the schema'}")
    return data
