"""Fixed texts of the documents by language, and how amounts and dates are written.

The notice's are pagoPA's own strings, release 3.2 (shared specification pagopa.md section 2.3). `**` marks bold.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final


@dataclass(frozen=True)
class NoticeTexts:
    """The words of an avviso di pagamento."""

    title: str
    payee: str
    recipient: str
    how_much_and_when: str
    how_much: str
    amount: str
    due: str
    legal: str
    where: str
    go_to: str
    online: str
    online_with_site: str
    online_without_site: str
    locally: str
    locally_places: str
    payment_details: str
    full_amount: str
    instalment: str
    scan: str
    payee_label: str
    subject_label: str
    cbill: str
    notice_code: str
    payee_code: str


@dataclass(frozen=True)
class ReceiptTexts:
    """The words of a quietanza. They are ours: pagoPA prescribes none."""

    title: str
    debtor: str
    paid: str
    outcome: str
    executed: str
    duplicate: str
    receipt: str
    beneficiary: str
    payer: str
    subject: str
    notice_code: str
    iuv: str
    iur: str
    psp: str
    method: str
    paid_at: str
    application_date: str
    fee: str
    no_fee: str
    footer: str
    page: str


NOTICE_TEXTS: Final = {
    "it": NoticeTexts(
        title="Avviso di pagamento",
        payee="Ente Creditore",
        recipient="Destinatario",
        how_much_and_when="Quanto e quando pagare?",
        how_much="Quanto pagare?",
        amount="Importo",
        due="entro il",
        legal=(
            "In fase di pagamento, se previsto dall’ente, l’importo potrebbe essere aggiornato automaticamente e subire"
            " variazioni in diminuzione (per sgravi, note di credito) o in aumento (per sanzioni, interessi, ecc.)."
        ),
        where="Dove pagare?",
        go_to="vai su",
        online="Paga con l’app IO",
        online_with_site=(
            "oppure sul sito di {payee}, dal tuo Home Banking, con la tua app di pagamento o con gli altri canali"
            " abilitati."
        ),
        online_without_site=(
            "oppure dal tuo Home Banking, con la tua app di pagamento o con gli altri canali abilitati."
        ),
        locally="Paga sul territorio",
        locally_places=(
            "presso Banche e Sportelli ATM, negli Uffici Postali e Punti Postali, nei Bar, Edicole, Ricevitorie,"
            " Supermercati, Tabaccherie e altri Operatori Abilitati."
        ),
        payment_details="Dati per il pagamento",
        full_amount="Rata unica",
        instalment="Rata {number}",
        scan="Inquadra il **codice QR** con la tua app di pagamento o usa i dati accanto.",
        payee_label="Ente Creditore",
        subject_label="Oggetto del pagamento",
        cbill="Cod. CBILL",
        notice_code="Cod. Avviso",
        payee_code="Cod. Fiscale Ente",
    ),
    "en": NoticeTexts(
        title="Payment Notice",
        payee="Payee",
        recipient="Recipient",
        how_much_and_when="How much and when to pay?",
        how_much="How much to pay?",
        amount="Amount",
        due="Due Date",
        legal=(
            "During payment, if allowed by the payee, the amount could be updated automatically and be subject to"
            " changes in decrease (for allowances, credit notes) or increase (for penalties, interest, etc.)."
        ),
        where="Where to pay?",
        go_to="Go to",
        online="Pay with IO app",
        online_with_site=(
            "or with {payee}’s website, your Home Banking, payment app or the other authorized channels."
        ),
        online_without_site="or with your Home Banking, payment app or the other authorized channels.",
        locally="Pay locally",
        locally_places=(
            "at Banks and ATMs, in Post Offices, Cafés, Newsagents, Betting and Tobacco Shops, Supermarkets and other"
            " Enabled Merchants."
        ),
        payment_details="Payment details",
        full_amount="Full amount",
        instalment="Installment #{number}",
        scan="Scan the **QR Code** with your payment app or use the data printed here.",
        payee_label="Payee",
        subject_label="Payment Description",
        cbill="CBILL Code",
        notice_code="Notice Code",
        payee_code="Payee Tax Code",
    ),
}

RECEIPT_TEXTS: Final = {
    "it": ReceiptTexts(
        title="Quietanza di pagamento",
        debtor="Debitore",
        paid="Importo pagato",
        outcome="Esito",
        executed="Pagamento eseguito",
        duplicate="Pagamento ulteriore: questa pratica risultava già pagata. L’Ente Creditore lo esaminerà.",
        receipt="Ricevuta {number} di {total}",
        beneficiary="Beneficiario",
        payer="Versante",
        subject="Oggetto del pagamento",
        notice_code="Cod. Avviso",
        iuv="IUV – Identificativo Univoco Versamento",
        iur="IUR – Identificativo Univoco Riscossione",
        psp="Prestatore di servizi di pagamento (PSP)",
        method="Strumento di pagamento",
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
        receipt="Receipt {number} of {total}",
        beneficiary="Beneficiary",
        payer="Payer",
        subject="Payment Description",
        notice_code="Notice Code",
        iuv="IUV – unique payment identifier",
        iur="IUR – unique collection identifier",
        psp="Payment service provider (PSP)",
        method="Payment method",
        paid_at="Date and time of payment",
        application_date="Application date",
        fee="Fee of the PSP (not part of the amount)",
        no_fee="not communicated",
        footer="Made from the electronic receipts of the pagoPA platform (paSendRT). Times are those of Rome.",
        page="Page {number} of {total}",
    ),
}


def written_amount(amount_cents: int, language: str) -> str:
    """Write cents as euro: `1.020,99` in Italian, `1,020.99` in English."""
    english = f"{amount_cents // 100:,}.{amount_cents % 100:02d}"
    return english if language == "en" else english.translate(str.maketrans(",.", ".,"))


def written_date(day: date) -> str:
    """Write a day as dd/mm/yyyy, in every language."""
    return f"{day:%d/%m/%Y}"


def written_moment(moment: datetime) -> str:
    """Write a day and time, as dd/mm/yyyy hh:mm:ss."""
    return f"{moment:%d/%m/%Y %H:%M:%S}"
