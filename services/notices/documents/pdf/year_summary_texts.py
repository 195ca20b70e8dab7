"""Fixed texts of the summary of a year's payments by language."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class YearSummaryTexts:
    """The words of the summary."""

    title: str
    entity: str
    debtor: str
    payments: str
    beneficiary: str
    iuv: str
    receipt: str
    stamp: str
    total: str
    purpose: str
    proof: str
    footer: str
    page: str


YEAR_SUMMARY_TEXTS: Final = {
    "it": YearSummaryTexts(
        title="Pagamenti del {year}",
        entity="{name} · codice fiscale {code}",
        debtor="Pagamenti di {name} · codice fiscale {code}",
        payments="Data del pagamento, servizio e causale",
        beneficiary="Per {name}",
        iuv="IUV {iuv}",
        receipt="ricevuta {receipt}",
        stamp="di cui imposta di bollo {amount} Euro",
        total="Totale pagato, {count} pagamenti",
        purpose="Per la dichiarazione dei redditi (730, Redditi PF). Quali spese si detraggono lo dice la legge.",
        proof="La prova di ogni pagamento è la sua quietanza.",
        footer="Dalle ricevute telematiche di pagoPA arrivate fino al {made_at} (ora di Roma).",
        page="Pagina {number} di {total}",
    ),
    "en": YearSummaryTexts(
        title="Payments of {year}",
        entity="{name} · tax code {code}",
        debtor="Payments of {name} · tax code {code}",
        payments="Day of payment, service and reason",
        beneficiary="For {name}",
        iuv="IUV {iuv}",
        receipt="receipt {receipt}",
        stamp="of which revenue stamp {amount} Euro",
        total="Total paid, {count} payments",
        purpose="For the Italian tax return (730, Redditi PF). The law says which expenses can be deducted.",
        proof="The proof of each payment is its receipt.",
        footer="From pagoPA's receipts that had come by {made_at} (Rome time).",
        page="Page {number} of {total}",
    ),
}
