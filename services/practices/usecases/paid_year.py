"""What was paid in a year for a citizen's practices, payment by payment: for the tax return."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.codes import AmountCents, Iuv, NoticeNumber
from contracts.rpc.practices import PaidYearRequest, YearPayment, YearPayments
from contracts.shapes import LocalisedText
from services.practices import records, stored_json
from services.practices.domain import display
from services.practices.domain.list_filter import ListFilter
from services.practices.domain.states import WITH_MONEY
from services.practices.repository import catalogue, debtor_list
from services.practices.usecases import list_cursor

LOOKED_AT_MAX: Final = 500


def paid_year(database: Database, request: PaidYearRequest) -> YearPayments:
    """Return the payments of the next practices that money came for.

    Raises Refused(UNKNOWN_ENTITY), (INVALID_REQUEST).
    """
    begins, ends = year = display.rome_year(request.year)
    wanted = ListFilter(
        entity_code=catalogue.readable_code(request.entity_code),
        fiscal_code=request.viewer.fiscal_code or "",
        states=WITH_MONEY,
        paid=year,
    )
    after = list_cursor.read(request.cursor, wanted.order)

    def ask(session: Session) -> YearPayments:
        catalogue.entity(session, wanted.entity_code)
        if not wanted.fiscal_code:
            return YearPayments(payments=[])
        looked = debtor_list.look(session, wanted, after, LOOKED_AT_MAX, LOOKED_AT_MAX)
        places = [one.place for one in looked.found]
        rows = debtor_list.at_places(session, places)
        return YearPayments(
            payments=[payment for place in places for payment in _payments(rows[place], begins, ends)],
            next_cursor=list_cursor.write(looked.end) if looked.end else None,
        )

    return database.read(ask)


def _payments(row: Row[Any], begins: datetime, ends: datetime) -> Iterator[YearPayment]:
    debt, stamp = records.debt_of(row), stored_json.read_stamp(row.stamp)
    for receipt_id, receipt in records.status_of(row).facts.receipts.items():
        if begins <= receipt.paid_at < ends:
            yield YearPayment(
                practice_id=row.id,
                service_title=stored_json.read(row.service_title, LocalisedText),
                description=debt.description,
                debtor=debt.debtor,
                beneficiary=debt.beneficiary,
                notice_number=NoticeNumber(row.notice_number),
                iuv=Iuv(row.iuv),
                receipt_id=receipt_id,
                paid_at=receipt.paid_at,
                amount_cents=AmountCents(receipt.amount_cents),
                stamp_cents=stamp.amount_cents if stamp else None,
            )
