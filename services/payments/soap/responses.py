"""What we answer the node: each response valid by the official schema (checked in the tests)."""

import re
from typing import Final

from lxml import etree

from contracts.calendar import NO_DUE_DATE
from contracts.codes import DESCRIPTION_MAX_CHARS, NAME_MAX_CHARS, NoticeNumber, is_email
from contracts.shapes import Creditor, Stamp, Subject, Transfer
from services.payments.domain.node import Fault
from services.payments.domain.positions import PaymentTerms, Position
from services.payments.soap.envelope import add, close_envelope, element
from services.payments.soap.requests import Operation

_COMPANY_NAME_MAX_CHARS: Final = 140
_CATEGORY_MAX_CHARS: Final = 140
_COUNTRY = re.compile(r"[A-Z]{2}")


def fault(operation: Operation, code: Fault, id_pa: str, description: str | None = None) -> str:
    """Answer KO with a fault bean, which travels under HTTP 200."""
    response = element(operation.response_root)
    add(response, "outcome", "KO")
    bean = add(response, "fault")
    add(bean, "faultCode", code.value)
    add(bean, "faultString", code.text)
    add(bean, "id", id_pa)
    if description:
        add(bean, "description", description)
    return close_envelope(response)


def acknowledged(operation: Operation) -> str:
    """Answer OK to a receipt."""
    response = element(operation.response_root)
    add(response, "outcome", "OK")
    return close_envelope(response)


def verified(operation: Operation, creditor: Creditor, terms: PaymentTerms) -> str:
    """Answer paVerifyPaymentNotice: what is to be paid, to whom, by when. No debtor in it."""
    response = element(operation.response_root)
    add(response, "outcome", "OK")
    _add_offer(response, creditor, terms)
    return close_envelope(response)


def demanded(operation: Operation, creditor: Creditor, notice_number: NoticeNumber, terms: PaymentTerms) -> str:
    """Answer paDemandPaymentNotice: the notice to pay, and what verify would say of it."""
    response = element(operation.response_root)
    add(response, "outcome", "OK")
    code = add(response, "qrCode")
    add(code, "fiscalCode", creditor.fiscal_code)
    add(code, "noticeNumber", notice_number)
    _add_offer(response, creditor, terms)
    return close_envelope(response)


def _add_offer(response: etree._Element, creditor: Creditor, terms: PaymentTerms) -> None:
    option = add(add(response, "paymentList"), "paymentOptionDescription")
    add(option, "amount", _amount(terms.amount_cents))
    add(option, "options", "EQ")
    if terms.due_date:
        add(option, "dueDate", terms.due_date.isoformat())
    add(option, "detailDescription", terms.shown_description[:DESCRIPTION_MAX_CHARS])
    add(option, "allCCP", "true" if terms.all_postal else "false")
    add(response, "paymentDescription", terms.shown_description[:DESCRIPTION_MAX_CHARS])
    add(response, "fiscalCodePA", creditor.fiscal_code)
    _add_company(response, creditor)


def payment(operation: Operation, creditor: Creditor, position: Position, terms: PaymentTerms, *, postal: bool) -> str:
    """Answer paGetPayment or paGetPaymentV2: everything a PSP needs to take the money."""
    response = element(operation.response_root)
    add(response, "outcome", "OK")
    data = add(response, "data")
    add(data, "creditorReferenceId", position.iuv)
    add(data, "paymentAmount", _amount(terms.amount_cents))
    # It wants one even of a notice without; no public rule says which (pagopa.md section 3.3).
    add(data, "dueDate", (terms.due_date or NO_DUE_DATE).isoformat())
    add(data, "lastPayment", "false")
    add(data, "description", terms.shown_description[:DESCRIPTION_MAX_CHARS])
    _add_company(data, creditor)
    _add_subject(data, "debtor", terms.debtor)
    transfers = add(data, "transferList")
    for transfer in terms.transfers:
        _add_transfer(transfers, transfer, terms, named=operation is Operation.GET_PAYMENT_V2, postal=postal)
    return close_envelope(response)


def _add_company(parent: etree._Element, creditor: Creditor) -> None:
    add(parent, "companyName", creditor.company_name[:_COMPANY_NAME_MAX_CHARS])
    if creditor.office_name:
        add(parent, "officeName", creditor.office_name[:_COMPANY_NAME_MAX_CHARS])


def _add_transfer(
    parent: etree._Element, transfer: Transfer, terms: PaymentTerms, *, named: bool, postal: bool
) -> None:
    """Add a transfer. Only version 2 names its creditor. POSTAL asks for the postal account, else it is told aside."""
    share = add(parent, "transfer")
    add(share, "idTransfer", str(transfer.id_transfer))
    add(share, "transferAmount", _amount(transfer.amount_cents))
    add(share, "fiscalCodePA", transfer.fiscal_code)
    if named:
        add(share, "companyName", transfer.company_name[:_COMPANY_NAME_MAX_CHARS])
    if transfer.stamp:
        _add_stamp(share, transfer.stamp)
    else:
        add(share, "IBAN", transfer.postal_iban if postal and transfer.postal_iban else transfer.iban)
    add(share, "remittanceInformation", terms.shown_description[:DESCRIPTION_MAX_CHARS])
    add(share, "transferCategory", transfer.category[:_CATEGORY_MAX_CHARS])
    if transfer.postal_iban and not postal:
        entry = add(add(share, "metadata"), "mapEntry")
        add(entry, "key", "IBANAPPOGGIO")
        add(entry, "value", transfer.postal_iban)


def _add_stamp(share: etree._Element, stamp: Stamp) -> None:
    """Ask for a digital stamp: the version 1 operation has no place for it."""
    asked = add(share, "richiestaMarcaDaBollo")
    add(asked, "hashDocumento", stamp.document_hash)
    add(asked, "tipoBollo", "01")
    add(asked, "provinciaResidenza", stamp.province)


def _add_subject(parent: etree._Element, name: str, subject: Subject) -> None:
    """Add a debtor; what the schema would not take (an odd e-mail, an empty street) is left out."""
    added = add(parent, name)
    identifier = add(added, "uniqueIdentifier")
    add(identifier, "entityUniqueIdentifierType", subject.entity_type)
    add(identifier, "entityUniqueIdentifierValue", subject.fiscal_code[:16])
    add(added, "fullName", subject.full_name[:NAME_MAX_CHARS] or "NA")
    parts = (
        ("streetName", subject.street_name, 70),
        ("civicNumber", subject.civic_number, 16),
        ("postalCode", subject.postal_code, 16),
        ("city", subject.city, 35),
        ("stateProvinceRegion", subject.province, 35),
    )
    for tag, text, max_chars in parts:
        if text:
            add(added, tag, text[:max_chars])
    if subject.country and _COUNTRY.fullmatch(subject.country):
        add(added, "country", subject.country)
    if subject.email and is_email(subject.email):
        add(added, "e-mail", subject.email)


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
