"""Settlement flows for what was paid here: one per provider, creditor and day, in the shapes of FdR 1.0.4 and fdr-org.

A flow grows while its day lasts; each receipt more is a revision more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from sandbox.pagopa.registry import PSPS, Psp
from sandbox.pagopa.rome import ROME
from sandbox.pagopa.store import Receipt

_NS: Final = "http://www.digitpa.gov.it/schemas/2011/Pagamenti/"


@dataclass(frozen=True)
class SettledTransfer:
    """One transfer of a receipt to the creditor."""

    iuv: str
    iur: str
    index: int
    amount_cents: int
    made_at: float
    stand_in: bool = False


@dataclass(frozen=True)
class Flow:
    """What a provider has credited a creditor with for a day."""

    psp: Psp
    creditor: str
    day: date
    revision: int
    made_at: float
    rows: tuple[SettledTransfer, ...]

    @property
    def id(self) -> str:
        """identificativoFlusso."""
        return f"{self.day}{self.psp.id}-{self.creditor}"

    @property
    def total_cents(self) -> int:
        """What the bank is credited with."""
        return sum(row.amount_cents for row in self.rows)

    @property
    def remittance_text(self) -> str:
        """The text of the bank credit (AT-05)."""
        return f"/PUR/LGPE-RIVERSAMENTO {self.psp.name} pagamenti del {self.day:%Y%m%d}/URI/{self.id}"


def flows_of(receipts: Iterable[Receipt]) -> list[Flow]:
    """Put receipts the creditors have acknowledged, or lost, into flows, the oldest day first."""
    by_name = {psp.name: psp for psp in PSPS}
    grouped: dict[tuple[date, str, str], list[Receipt]] = {}
    for receipt in sorted(receipts, key=lambda known: known.id):
        is_settled = receipt.acknowledged_at is not None or receipt.lost
        if is_settled and receipt.psp_name in by_name:
            day = datetime.fromtimestamp(receipt.made_at, ROME).date()
            grouped.setdefault((day, receipt.psp_name, receipt.recipient), []).append(receipt)
    flows = [
        Flow(
            psp=by_name[name],
            creditor=creditor,
            day=day,
            revision=len(held),
            made_at=max(receipt.acknowledged_at or receipt.made_at for receipt in held),
            rows=tuple(row for receipt in held for row in _rows(receipt)),
        )
        for (day, name, creditor), held in sorted(grouped.items())
    ]
    # Of nothing but stamps no money goes to the creditor.
    return [flow for flow in flows if flow.rows]


def summary(flow: Flow) -> dict[str, Any]:
    """Return fdr-org's FlowByPSP."""
    moment = _instant(flow.made_at)
    return {
        "fdr": flow.id,
        "pspId": flow.psp.id,
        "revision": flow.revision,
        "published": moment,
        "flowDate": moment,
    }


def detail(flow: Flow) -> dict[str, Any]:
    """Return fdr-org's SingleFlowResponse."""
    moment, total = _instant(flow.made_at), Decimal(flow.total_cents) / 100
    return {
        "status": "PUBLISHED",
        "revision": flow.revision,
        "created": moment,
        "updated": moment,
        "published": moment,
        "fdr": flow.id,
        "fdrDate": moment,
        "regulation": f"TRN{flow.id}"[:35],
        "regulationDate": flow.day.isoformat(),
        "sender": {"type": "LEGAL_PERSON", "id": flow.psp.id, "pspId": flow.psp.id, "pspName": flow.psp.name},
        "receiver": {"id": flow.creditor, "organizationId": flow.creditor, "organizationName": flow.creditor},
        "totPayments": len(flow.rows),
        "sumPayments": total,
        "computedTotPayments": len(flow.rows),
        "computedSumPayments": total,
    }


def payments(flow: Flow) -> list[dict[str, Any]]:
    """Return fdr-org's Payment for each row."""
    return [
        {
            "index": number,
            "iuv": row.iuv,
            "iur": row.iur,
            "idTransfer": row.index,
            "pay": Decimal(row.amount_cents) / 100,
            "payStatus": "STAND_IN" if row.stand_in else "EXECUTED",
            "payDate": _instant(row.made_at),
        }
        for number, row in enumerate(flow.rows, start=1)
    ]


def as_xml(flow: Flow) -> bytes:
    """Write the flow as FlussoRiversamento 1.0.4."""
    root = etree.Element(f"{{{_NS}}}FlussoRiversamento", nsmap={"pay": _NS})
    _add(root, "versioneOggetto", "1.0")
    _add(root, "identificativoFlusso", flow.id)
    moment = datetime.fromtimestamp(flow.made_at, ROME).replace(tzinfo=None)
    _add(root, "dataOraFlusso", moment.isoformat(timespec="milliseconds"))
    _add(root, "identificativoUnivocoRegolamento", f"TRN{flow.id}"[:35])
    _add(root, "dataRegolamento", flow.day.isoformat())
    sender = _add(root, "istitutoMittente")
    _identify(_add(sender, "identificativoUnivocoMittente"), "B", flow.psp.id)
    _add(sender, "denominazioneMittente", flow.psp.name)
    receiver = _add(root, "istitutoRicevente")
    _identify(_add(receiver, "identificativoUnivocoRicevente"), "G", flow.creditor)
    _add(root, "numeroTotalePagamenti", str(len(flow.rows)))
    _add(root, "importoTotalePagamenti", _euro(flow.total_cents))
    for row in flow.rows:
        single = _add(root, "datiSingoliPagamenti")
        _add(single, "identificativoUnivocoVersamento", row.iuv)
        _add(single, "identificativoUnivocoRiscossione", row.iur)
        _add(single, "indiceDatiSingoloPagamento", str(row.index))
        _add(single, "singoloImportoPagato", _euro(row.amount_cents))
        _add(single, "codiceEsitoSingoloPagamento", "4" if row.stand_in else "0")
        _add(single, "dataEsitoSingoloPagamento", flow.day.isoformat())
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _rows(receipt: Receipt) -> Iterable[SettledTransfer]:
    """Read the transfers to the recipient; a stamp, which has no IBAN, is in no flow."""
    sent = etree.fromstring(receipt.envelope.encode()).find(".//receipt")
    if sent is None:
        return
    for share in sent.iterfind("transferList/transfer"):
        if share.findtext("fiscalCodePA") == receipt.recipient and share.find("IBAN") is not None:
            yield SettledTransfer(
                iuv=sent.findtext("creditorReferenceId") or "",
                iur=receipt.receipt_id,
                index=int(share.findtext("idTransfer") or 1),
                amount_cents=int((share.findtext("transferAmount") or "0.00").replace(".", "")),
                made_at=receipt.made_at,
                stand_in=bool(receipt.stand_in),
            )


def _identify(parent: etree._Element, kind: str, code: str) -> None:
    _add(parent, "tipoIdentificativoUnivoco", kind)
    _add(parent, "codiceIdentificativoUnivoco", code)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{_NS}}}{name}")
    child.text = text
    return child


def _euro(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _instant(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
