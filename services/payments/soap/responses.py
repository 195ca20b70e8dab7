"""What we answer the node: each response valid by the official schema (checked in the tests)."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from lxml import etree

from services.payments.domain.node import Fault
from services.payments.domain.positions import Creditor, Position, Terms
from services.payments.soap.envelope import add, close_envelope, element
from services.payments.soap.requests import Operation

# paGetPayment wants a due date even of a notice without one; no public rule says which (pagopa.md section 3.3).
NO_DUE_DATE: Final = date(2099, 12, 31)

_EMAIL = re.compile(r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*")
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


def verified(operation: Operation, creditor: Creditor, terms: Terms) -> str:
    """Answer paVerifyPaymentNotice: what is owed, to whom, by when. No debtor in it."""
    response = element(operation.response_root)
    add(response, "outcome", "OK")
    _add_offer(response, creditor, terms)
    return close_envelope(response)


def demanded(operation: Operation, creditor: Creditor, notice_number: str, terms: Terms) -> str:
    """Answer paDemandPaymentNotice: the notice to pay, and what verify would say of it."""
    response = element(operation.response_root)
    add(response, "outcome", "OK")
    code = add(response, "qrCode")
    add(code, "fiscalCode", creditor.fiscal_code)
    add(code, "noticeNumber", notice_number)
    _add_offer(response, creditor, terms)
    return close_envelope(response)


def _add_offer(response: etree._Element, creditor: Creditor, terms: Terms) -> None:
    option = add(add(response, "paymentList"), "paymentOptionDescription")
    add(option, "amount", _amount(terms.amount_cents))
    add(option, "options", "EQ")
    if terms.due_date:
        add(option, "dueDate", terms.due_date.isoformat())
    add(option, "detailDescription", terms.description[:140])
    add(option, "allCCP", "true" if all(transfer.get("postal_iban") for transfer in terms.transfers) else "false")
    add(response, "paymentDescription", terms.description[:140])
    add(response, "fiscalCodePA", creditor.fiscal_code)
    _add_company(response, creditor)


def payment(operation: Operation, creditor: Creditor, position: Position, terms: Terms, *, postal: bool) -> str:
    """Answer paGetPayment or paGetPaymentV2: everything a PSP needs to take the money."""
    response = element(operation.response_root)
    add(response, "outcome", "OK")
    data = add(response, "data")
    add(data, "creditorReferenceId", position.iuv)
    add(data, "paymentAmount", _amount(terms.amount_cents))
    add(data, "dueDate", (terms.due_date or NO_DUE_DATE).isoformat())
    add(data, "lastPayment", "false")
    add(data, "description", terms.description[:140])
    _add_company(data, creditor)
    _add_subject(data, "debtor", terms.debtor)
    transfers = add(data, "transferList")
    for transfer in terms.transfers:
        _add_transfer(transfers, transfer, named=operation is Operation.GET_PAYMENT_V2, postal=postal)
    return close_envelope(response)


def _add_company(parent: etree._Element, creditor: Creditor) -> None:
    add(parent, "companyName", creditor.company_name[:140])
    if creditor.office_name:
        add(parent, "officeName", creditor.office_name[:140])


def _add_transfer(parent: etree._Element, transfer: Mapping[str, Any], *, named: bool, postal: bool) -> None:
    """Add one share. Only version 2 names its body. POSTAL asks for the postal account, otherwise it is told aside."""
    postal_iban = transfer.get("postal_iban")
    share = add(parent, "transfer")
    add(share, "idTransfer", str(transfer["id_transfer"]))
    add(share, "transferAmount", _amount(transfer["amount_cents"]))
    add(share, "fiscalCodePA", transfer["fiscal_code"])
    if named:
        add(share, "companyName", transfer["company_name"][:140])
    if stamp := transfer.get("stamp"):
        _add_stamp(share, stamp)
    else:
        add(share, "IBAN", postal_iban if postal and postal_iban else transfer["iban"])
    add(share, "remittanceInformation", transfer["remittance_information"][:140])
    add(share, "transferCategory", transfer["category"][:140])
    if postal_iban and not postal:
        entry = add(add(share, "metadata"), "mapEntry")
        add(entry, "key", "IBANAPPOGGIO")
        add(entry, "value", postal_iban)


def _add_stamp(share: etree._Element, stamp: Mapping[str, str]) -> None:
    """Ask for a digital stamp: the version 1 operation has no place for it."""
    asked = add(share, "richiestaMarcaDaBollo")
    add(asked, "hashDocumento", stamp["document_hash"])
    add(asked, "tipoBollo", "01")
    add(asked, "provinciaResidenza", stamp["province"])


def _add_subject(parent: etree._Element, name: str, subject: Mapping[str, Any]) -> None:
    """Add a debtor; what the schema would not take (an odd e-mail, an empty street) is left out."""
    person = add(parent, name)
    identifier = add(person, "uniqueIdentifier")
    add(identifier, "entityUniqueIdentifierType", subject["entity_type"])
    add(identifier, "entityUniqueIdentifierValue", subject["fiscal_code"][:16])
    add(person, "fullName", subject["full_name"][:70] or "NA")
    parts = (
        ("streetName", "street_name", 70),
        ("civicNumber", "civic_number", 16),
        ("postalCode", "postal_code", 16),
        ("city", "city", 35),
        ("stateProvinceRegion", "province", 35),
    )
    for tag, key, longest in parts:
        if value := subject.get(key):
            add(person, tag, value[:longest])
    if (country := subject.get("country")) and _COUNTRY.fullmatch(country):
        add(person, "country", country)
    if (email := subject.get("email")) and len(email) <= 256 and _EMAIL.fullmatch(email):
        add(person, "e-mail", email)


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
