"""Fixed texts of the reconciliation report by language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class DayReportTexts:
    """The words of the report. `findings` by contracts.rpc.settlement.FINDINGS, `outcomes` by codiceEsito."""

    title: str
    fiscal_code: str
    summary: str
    row_count: str
    day_total: str
    credits_total: str
    difference: str
    nothing: str
    flow: str
    sent_by: str
    columns: tuple[str, str, str, str, str, str]
    flow_total: str
    credited: str
    not_credited: str
    reconciled: str
    not_reconciled: str
    pending: str
    findings: Mapping[str, str]
    outcomes: Mapping[int, str]
    footer: str
    page: str


DAY_REPORT_TEXTS: Final = {
    "it": DayReportTexts(
        title="Riconciliazione del {day}",
        fiscal_code="Codice fiscale {code}",
        summary="Riepilogo",
        row_count="{count} pagamenti",
        day_total="Totale dei flussi del giorno",
        credits_total="Totale degli accrediti bancari",
        difference="Differenza",
        nothing="Nessun flusso di rendicontazione con questa data di regolamento.",
        flow="Flusso",
        sent_by="Mittente {sender} · regolamento {regulation}",
        columns=("IUV", "IUR", "Ind.", "Esito", "Riscontro", "Importo"),
        flow_total="Totale flusso, {count} pagamenti",
        credited="Accredito bancario {reference}",
        not_credited="Accredito bancario: non ancora comunicato",
        reconciled="riconciliato",
        not_reconciled="non riconciliato",
        pending="da esaminare",
        findings={
            "reported": "rendicontato",
            "recovered": "recuperato",
            "revoked": "revocato",
            "unknown": "sconosciuto",
            "amount_differs": "importo diverso",
            "repeated": "ripetuto",
            "withdrawn": "ritirato",
        },
        outcomes={
            0: "0 eseguito",
            3: "3 revocato",
            4: "4 stand-in",
            8: "8 stand-in senza RPT",
            9: "9 senza RPT",
        },
        footer="Dai flussi di rendicontazione di pagoPA e dagli accrediti comunicati, al {made_at} (ora di Roma).",
        page="Pagina {number} di {total}",
    ),
    "en": DayReportTexts(
        title="Reconciliation of {day}",
        fiscal_code="Tax code {code}",
        summary="Summary",
        row_count="{count} payments",
        day_total="Total of the day's flows",
        credits_total="Total of the bank's credits",
        difference="Difference",
        nothing="No settlement flow with this settlement date.",
        flow="Flow",
        sent_by="Sent by {sender} · settlement {regulation}",
        columns=("IUV", "IUR", "Idx", "Outcome", "Finding", "Amount"),
        flow_total="Flow total, {count} payments",
        credited="Bank credit {reference}",
        not_credited="Bank credit: not told yet",
        reconciled="reconciled",
        not_reconciled="not reconciled",
        pending="to be examined",
        findings={
            "reported": "reported",
            "recovered": "recovered",
            "revoked": "revoked",
            "unknown": "unknown",
            "amount_differs": "amount differs",
            "repeated": "repeated",
            "withdrawn": "withdrawn",
        },
        outcomes={
            0: "0 executed",
            3: "3 revoked",
            4: "4 stand-in",
            8: "8 stand-in, no RPT",
            9: "9 no RPT",
        },
        footer="From pagoPA's settlement flows and the bank credits told, as of {made_at} (Rome time).",
        page="Page {number} of {total}",
    ),
}
