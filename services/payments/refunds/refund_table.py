"""A file of refunds for a spreadsheet, or for who types transfers in."""

import csv
import io
from typing import Final

from contracts import spreadsheets
from services.payments.models import RefundExport

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_HEADER: Final = ("riferimento", "avviso", "ricevuta", "intestatario", "iban", "importo", "causale", "eseguire_il")


def refund_table(export: RefundExport) -> str:
    """Return the CSV of a file: a line for each refund, in the order of the XML."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=spreadsheets.DELIMITER, lineterminator=spreadsheets.LINE_END)
    writer.writerow(_HEADER)
    for item in export.items:
        told = (
            item.end_to_end_id,
            item.notice_number,
            item.receipt_id,
            item.holder,
            item.iban,
            spreadsheets.euro(item.amount_cents),
            item.remittance_text,
            export.pay_on.isoformat(),
        )
        writer.writerow([spreadsheets.harmless(cell) for cell in told])
    return text.getvalue()
