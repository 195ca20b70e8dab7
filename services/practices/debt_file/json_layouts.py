"""Debts as JSON objects: with the fields of our API, of GovPay's `pendenza`, or of pagoPA's position (GPD).

Each becomes the values of a row, so that it is checked as one; a position of pagoPA's becomes a row for each payment.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from contracts import spreadsheets
from contracts.errors import ErrorCode
from services.practices.debt_file import cells
from services.practices.debt_file.columns import (
    BENEFICIARY_COLUMNS,
    SCHEDULE_COLUMNS,
    FileConventions,
    Values,
    blank_values,
)
from services.practices.debt_file.json_records import JsonRecord
from services.practices.debt_file.layouts import govpay_values
from services.practices.debt_file.refusals import RowRefused

Item = Mapping[str, object]
NOT_AN_OBJECT: Final = "json"
"""In place of a column: it is no object of a debt."""
_API_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "external_id": "codice_debito",
        "service_code": "servizio",
        "fiscal_code": "codice_fiscale",
        "full_name": "cognome_nome",
        "email": "email",
        "description": "causale",
        "due_date": "scadenza",
        "debt_position": "posizione",
        "option": "opzione",
    }
)
_INSTALMENT: Final[Mapping[str, str]] = MappingProxyType({"number": "rata", "total": "rate_totali"})
_API_GROUPS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"instalment": _INSTALMENT, "schedule": SCHEDULE_COLUMNS, "beneficiary": BENEFICIARY_COLUMNS}
)
_IN_HUNDREDTHS: Final = ("_cents", "_basis_points")
_GOVPAY_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "idPendenza": "idpendenza",
        "idTipoPendenza": "idtipopendenza",
        "causale": "causale",
        "importo": "importo",
        "dataScadenza": "datascadenza",
        "dataValidita": "datavalidita",
        "numeroAvviso": "numeroavviso",
    }
)
_GOVPAY_PAYER: Final[Mapping[str, str]] = MappingProxyType(
    {"identificativo": "identificativopagatore", "anagrafica": "anagraficapagatore", "email": "emailpagatore"}
)
_NUMBER_MAX: Final = 10**18
_SERVICE_KEYS: Final = frozenset({"servizio", "service_code"})


def rows_of(record: JsonRecord, conventions: FileConventions) -> Iterator[Values | RowRefused]:
    """Yield the rows of a record: their values, or why there are none."""
    try:
        item = _object(record.content)
        if record.of_list == "paymentPositions" or "iupd" in item:
            payments = list(_position(item, conventions))
            # On a line there is one row, which is told by it.
            if not payments or (record.is_line and len(payments) > 1):
                raise RowRefused(ErrorCode.INVALID_REQUEST, NOT_AN_OBJECT)
            yield from payments
        elif record.of_list in {"inserimenti", "annullamenti"} or "idPendenza" in item:
            yield _govpay(item, record)
        else:
            yield _api(item, conventions)
    except RowRefused as refusal:
        yield refusal


def _api(item: Item, conventions: FileConventions) -> Values:
    """Return a debt with the fields that the API puts it by, and its reference."""
    values = blank_values()
    for name, content in item.items():
        if content is None:
            continue
        if name in _API_TEXTS:
            values[_API_TEXTS[name]] = _text(content, _API_TEXTS[name])
        elif name == "amount_cents":
            values["importo"] = _hundredths(content, "importo")
        elif name in _API_GROUPS:
            values.update(_group(_object(content), _API_GROUPS[name]))
        elif name == "extras":
            values.update(_group(_object(content), {column: column for column in conventions.extra_columns}))
        else:
            raise RowRefused(ErrorCode.INVALID_REQUEST, NOT_AN_OBJECT)
    return values


def _group(group: Item, columns: Mapping[str, str]) -> Values:
    if not columns.keys() >= group.keys():
        raise RowRefused(ErrorCode.INVALID_REQUEST, NOT_AN_OBJECT)
    return {
        columns[name]: _hundredths(content, columns[name])
        if name.endswith(_IN_HUNDREDTHS)
        else _text(content, columns[name])
        for name, content in group.items()
        if content is not None
    }


def _govpay(item: Item, record: JsonRecord) -> Values:
    payer, document = _object(item.get("soggettoPagatore") or {}), _object(item.get("documento") or {})
    threshold = _object(document.get("soglia") or {})
    entity = item.get("idDominio") or (record.head or {}).get("idDominio")
    raw = {folded: _text(item.get(name), folded) for name, folded in _GOVPAY_TEXTS.items()}
    raw |= {folded: _text(payer.get(name), folded) for name, folded in _GOVPAY_PAYER.items()}
    raw |= {
        "iddominio": _text(entity, "ente"),
        "iddocumento": _text(document.get("identificativo"), "posizione"),
        "numerorata": _text(document.get("rata"), "opzione")
        or _text(threshold.get("tipo"), "opzione") + _text(threshold.get("giorni"), "opzione"),
    }
    for number, voice in enumerate(_objects(item.get("voci")), start=1):
        raw[f"tipobollovoce{number}"] = _text(voice.get("tipoBollo"), "bollo")
        payee = _text(voice.get("idDominio"), "beneficiari")
        raw[f"iddominiovoce{number}"] = "" if payee == raw["iddominio"] else payee
    values = govpay_values(raw)
    return {**values, "azione": "annullamento"} if record.of_list == "annullamenti" else values


def _position(item: Item, conventions: FileConventions) -> Iterator[Values]:
    """Yield the payments of a position, in its first form (`paymentOption` are the payments) or the third.

    Of several each has a reference of its own: the position's, and its place in it.
    """
    options = [_object(one) for one in _list(item.get("paymentOption"))]
    if any("installments" in option for option in options):
        ways = [(_object(option.get("debtor") or {}), _objects(option.get("installments"))) for option in options]
    else:
        plan = [option for option in options if option.get("isPartialPayment") is True]
        singles = [option for option in options if option.get("isPartialPayment") is not True]
        ways = [(item, payments) for payments in ([plan] if plan else []) + [[single] for single in singles]]
    has_one = sum(len(payments) for _, payments in ways) == 1
    reference = _text(item.get("iupd"), "codice_debito")
    for place, (debtor, payments) in enumerate(ways, start=1):
        stem = reference if len(ways) == 1 else f"{reference}-{place}"
        for number, payment in enumerate(payments, start=1):
            values = {**blank_values(), **_payment(payment, debtor, conventions)}
            values["codice_debito"] = stem if len(payments) == 1 else f"{stem}-{number}"
            if not has_one:
                values |= {"posizione": reference, "opzione": str(place)}
            if len(payments) > 1:
                values |= {"rata": str(number), "rate_totali": str(len(payments))}
            yield values


def _payment(payment: Item, debtor: Item, conventions: FileConventions) -> Values:
    transfers = _objects(payment.get("transfer"))
    metadata = _objects(payment.get("paymentOptionMetadata")) + _objects(payment.get("installmentMetadata"))
    named = next((_text(one.get("value"), "servizio") for one in metadata if one.get("key") in _SERVICE_KEYS), "")
    categories = {_text(one.get("category"), "servizio") for one in transfers}
    by_category = conventions.service_of_category.get(categories.pop(), "") if len(categories) == 1 else ""
    payees = {_text(one.get("organizationFiscalCode"), "beneficiari") for one in transfers} - {""}
    remittance = transfers[0].get("remittanceInformation") if transfers else None
    return {
        "servizio": named or by_category,
        "codice_fiscale": _text(debtor.get("fiscalCode"), "codice_fiscale"),
        "cognome_nome": _text(debtor.get("fullName"), "cognome_nome"),
        "email": _text(debtor.get("email"), "email"),
        "causale": _text(payment.get("description") or remittance, "causale"),
        "importo": _hundredths(payment.get("amount"), "importo"),
        "scadenza": _text(payment.get("dueDate"), "scadenza"),
        "numero_avviso": _text(payment.get("nav") or payment.get("iuv"), "numero_avviso"),
        "beneficiari": next((code for code in sorted(payees) if code != conventions.creditor_fiscal_code), ""),
        "bollo": "bollo" if any(one.get("stamp") for one in transfers) else "",
    }


def _object(content: object) -> Item:
    if not isinstance(content, dict):
        raise RowRefused(ErrorCode.INVALID_REQUEST, NOT_AN_OBJECT)
    return content


def _list(content: object) -> Sequence[object]:
    if content is None:
        return []
    if not isinstance(content, list):
        raise RowRefused(ErrorCode.INVALID_REQUEST, NOT_AN_OBJECT)
    return content


def _objects(content: object) -> list[Item]:
    return [_object(one) for one in _list(content)]


def _text(content: object, column: str) -> str:
    """Return a text or a number as a cell; an empty one for null."""
    if content is None:
        return ""
    if isinstance(content, str):
        return cells.cleaned(content)
    # Of a longer one Python writes no digits.
    if isinstance(content, int) and not isinstance(content, bool) and abs(content) < _NUMBER_MAX:
        return str(content)
    raise RowRefused(ErrorCode.INVALID_REQUEST, column)


def _hundredths(content: object, column: str) -> str:
    """Return cents, or hundredths of a percent, as the decimals that a cell has."""
    if content is None:
        return ""
    if not isinstance(content, int) or isinstance(content, bool):
        raise RowRefused(ErrorCode.INVALID_AMOUNT, column)
    if abs(content) >= _NUMBER_MAX:
        raise RowRefused(ErrorCode.AMOUNT_OUT_OF_RANGE, column)
    return spreadsheets.euro(content)
