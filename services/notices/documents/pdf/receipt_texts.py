"""Fixed texts of the receipt by language. They are ours: pagoPA prescribes none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ReceiptTexts:
    """The words of a quietanza. `methods`: by the node's name (stPaymentMethod); others are printed as they are."""

    title: str
    debtor: str
    paid: str
    outcome: str
    executed: str
    duplicate: str
    missing: str
    missing_of: str
    receipt: str
    beneficiary: str
    payer: str
    subject: str
    notice_code: str
    iuv: str
    iur: str
    psp: str
    method: str
    methods: Mapping[str, str]
    share: str
    total: str
    paid_at: str
    application_date: str
    fee: str
    no_fee: str
    footer: str
    page: str


RECEIPT_TEXTS: Final = {
    "it": ReceiptTexts(
        title="Quietanza di pagamento",
        debtor="Debitore",
        paid="Importo pagato",
        outcome="Esito",
        executed="Pagamento eseguito",
        duplicate="Pagamento ulteriore: questa pratica risultava già pagata. L’Ente Creditore lo esaminerà.",
        missing="Pagamento parziale: importo che manca",
        missing_of="{amount}. L’Ente Creditore indicherà come completare.",
        receipt="Ricevuta {number} di {total}",
        beneficiary="Beneficiario",
        payer="Versante",
        subject="Oggetto del pagamento",
        notice_code="Cod. Avviso",
        iuv="IUV – Identificativo Univoco Versamento",
        iur="IUR – Identificativo Univoco Riscossione",
        psp="Prestatore di servizi di pagamento (PSP)",
        method="Strumento di pagamento",
        methods={"cash": "Contanti", "creditCard": "Carta di pagamento", "bancomat": "Bancomat", "other": "Altro"},
        share="Quota {number} di {total}",
        total="Totale pagato",
        paid_at="Data e ora del pagamento",
        application_date="Data di applicazione",
        fee="Commissione del PSP (non compresa nell’importo)",
        no_fee="non comunicata",
        footer=(
            "Documento prodotto dalle ricevute telematiche della piattaforma pagoPA (paSendRT). "
            "Gli orari sono quelli di Roma."
        ),
        page="Pagina {number} di {total}",
    ),
    "en": ReceiptTexts(
        title="Payment receipt",
        debtor="Debtor",
        paid="Amount paid",
        outcome="Outcome",
        executed="Payment executed",
        duplicate="Further payment: this notice had already been paid. The payee will look into it.",
        missing="Part payment: amount missing",
        missing_of="{amount}. The payee will say how to complete it.",
        receipt="Receipt {number} of {total}",
        beneficiary="Beneficiary",
        payer="Payer",
        subject="Payment Description",
        notice_code="Notice Code",
        iuv="IUV – unique payment identifier",
        iur="IUR – unique collection identifier",
        psp="Payment service provider (PSP)",
        method="Payment method",
        methods={"cash": "Cash", "creditCard": "Payment card", "bancomat": "Bancomat", "other": "Other"},
        share="Share {number} of {total}",
        total="Total paid",
        paid_at="Date and time of payment",
        application_date="Application date",
        fee="Fee of the PSP (not part of the amount)",
        no_fee="not communicated",
        footer="Made from the electronic receipts of the pagoPA platform (paSendRT). Times are those of Rome.",
        page="Page {number} of {total}",
    ),
}
