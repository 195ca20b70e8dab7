"""A file of refunds as a SEPA credit transfer: ISO 20022 pain.001.001.09, as the EPC's guidelines want it of customers.

The parts and their order: EPC132-08, SEPA Credit Transfer, customer to PSP, 2023. Agents are not named: the IBAN says.
"""

import re
import unicodedata
from datetime import UTC
from typing import Final

from lxml import etree

from services.payments.models import RefundExport, RefundExportItem

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
MEDIA_TYPE: Final = "application/xml"
_NAME_MAX_CHARS: Final = 70
_REMITTANCE_MAX_CHARS: Final = 140
# The characters that every bank of SEPA carries.
_NOT_CARRIED: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
_SPELT_OUT: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "&": "+", "’": "'"}
)
_NOTHING: Final = "NOTPROVIDED"


def credit_transfer(export: RefundExport) -> str:
    """Return the XML of a file; the same one each time it is asked for."""
    document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # -- lxml
    initiation = _add(document, "CstmrCdtTrfInitn")
    total = _euro(sum(item.amount_cents for item in export.items))
    _add_header(initiation, export, total)
    payment = _add(initiation, "PmtInf")
    _add(payment, "PmtInfId", export.id.hex)
    _add(payment, "PmtMtd", "TRF")
    _add(payment, "NbOfTxs", str(len(export.items)))
    _add(payment, "CtrlSum", total)
    _add(_add(_add(payment, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _add(_add(payment, "ReqdExctnDt"), "Dt", export.pay_on.isoformat())
    _add(_add(payment, "Dbtr"), "Nm", carried(export.account_name, _NAME_MAX_CHARS))
    _add(_add(_add(payment, "DbtrAcct"), "Id"), "IBAN", export.account_iban)
    _add(_add(_add(_add(payment, "DbtrAgt"), "FinInstnId"), "Othr"), "Id", _NOTHING)
    _add(payment, "ChrgBr", "SLEV")
    for item in export.items:
        _add_transfer(payment, item)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode()


def carried(text: str, max_chars: int) -> str:
    """Return a text in the characters that a SEPA transfer carries: without accents, `.` for what has no letter."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPELT_OUT))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    written = " ".join(_NOT_CARRIED.sub(".", plain).split())[:max_chars].strip()
    return written if re.search(r"[A-Za-z0-9]", written) else _NOTHING


def _add_header(initiation: etree._Element, export: RefundExport, total: str) -> None:
    header = _add(initiation, "GrpHdr")
    _add(header, "MsgId", export.id.hex)
    _add(header, "CreDtTm", f"{export.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    _add(header, "NbOfTxs", str(len(export.items)))
    _add(header, "CtrlSum", total)
    party = _add(header, "InitgPty")
    _add(party, "Nm", carried(export.account_name, _NAME_MAX_CHARS))
    _add(_add(_add(_add(party, "Id"), "OrgId"), "Othr"), "Id", export.account_fiscal_code)


def _add_transfer(payment: etree._Element, item: RefundExportItem) -> None:
    transfer = _add(payment, "CdtTrfTxInf")
    _add(_add(transfer, "PmtId"), "EndToEndId", item.end_to_end_id)
    _add(_add(transfer, "Amt"), "InstdAmt", _euro(item.amount_cents)).set("Ccy", "EUR")
    _add(_add(transfer, "Cdtr"), "Nm", carried(item.holder, _NAME_MAX_CHARS))
    _add(_add(_add(transfer, "CdtrAcct"), "Id"), "IBAN", item.iban)
    _add(_add(transfer, "RmtInf"), "Ustrd", carried(item.remittance_text, _REMITTANCE_MAX_CHARS))


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child


def _euro(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
