"""What a mail says, in Italian and English, as plain text and as HTML.

It names entity, service, amount, dates and notice number: enough to recognise and to pay. The causale, which may name a
beneficiary, the citizen's name and fiscal code stay out: a mail rests unencrypted on machines of others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from contracts.calendar import ROME
from contracts.rpc.payments import Receipt
from contracts.rpc.practices import Practice
from contracts.shapes import Creditor, LocalisedText
from services.notices.mail.domain import Kind

_PAID: Final = frozenset({"paid", "reported"})
_DAY: Final = {"it": "d MMMM yyyy", "en": "d MMMM yyyy"}
_MOMENT: Final = {"it": "d MMMM yyyy 'alle' HH:mm", "en": "d MMMM yyyy 'at' HH:mm"}


@dataclass(frozen=True)
class MailFacts:
    """What a mail is about; `receipt` is that of a confirmation. `days_left` until the due date, where there is one.

    `pay_token`: of the link that leads to paying it, where it can be paid. `by_office`: the entity's office sends it to
    an address it was given, and not the portal to who has agreed to mail. `service_text`: what its service says
    besides, in the entity's own words.
    """

    kind: Kind
    practice: Practice
    creditor: Creditor
    receipt: Receipt | None
    days_left: int | None
    pay_token: str | None = None
    by_office: bool = False
    service_text: LocalisedText | None = None


@dataclass(frozen=True)
class MailText:
    """What a mail says: its subject, and its body in both forms."""

    subject: str
    plain: str
    html: str


@dataclass(frozen=True)
class _KindTexts:
    """The texts of one kind of mail in one language; `{service}`, `{entity}` and `{when}` are filled in."""

    subject: str
    heading: str
    lead: str
    action: str


_KIND_TEXTS: Final = {
    ("notice", "it"): _KindTexts(
        subject="Nuova pratica da pagare: {service}",
        heading="Hai una nuova pratica da pagare",
        lead="{entity} ha registrato a tuo nome questa pratica.",
        action="Vedi e paga sul portale",
    ),
    ("notice", "en"): _KindTexts(
        subject="New item to pay: {service}",
        heading="You have a new item to pay",
        lead="{entity} has registered this item in your name.",
        action="See and pay it on the portal",
    ),
    ("inserted", "it"): _KindTexts(
        subject="La pratica che hai inserito: {service}",
        heading="Hai inserito una pratica da pagare",
        lead="Questa pratica a favore di {entity} l'hai inserita tu, dal portale o allo sportello di una banca.",
        action="Vedi e paga sul portale",
    ),
    ("inserted", "en"): _KindTexts(
        subject="The item you entered: {service}",
        heading="You entered an item to pay",
        lead="You entered this item in favour of {entity} yourself, on the portal or at the counter of a bank.",
        action="See and pay it on the portal",
    ),
    ("reminder", "it"): _KindTexts(
        subject="Promemoria: {service} {when}",
        heading="Una pratica {when}",
        lead="Questa pratica a favore di {entity} risulta ancora da pagare.",
        action="Vedi e paga sul portale",
    ),
    ("reminder", "en"): _KindTexts(
        subject="Reminder: {service} {when}",
        heading="An item {when}",
        lead="This item in favour of {entity} is still to be paid.",
        action="See and pay it on the portal",
    ),
    ("receipt", "it"): _KindTexts(
        subject="Pagamento confermato: {service}",
        heading="Il pagamento è confermato",
        lead="{entity} ha ricevuto il pagamento di questa pratica: non devi fare altro.",
        action="Apri la pratica e scarica la quietanza",
    ),
    ("underpaid", "it"): _KindTexts(
        subject="Pagamento parziale: {service}",
        heading="È arrivato meno di quanto dovuto",
        lead="{entity} ha ricevuto per questa pratica meno di quanto dovuto. Non pagare di nuovo: un avviso pagoPA si "
        "paga una volta sola, e l'ufficio dell'ente ti contatterà per la parte che manca.",
        action="Apri la pratica e scarica la quietanza",
    ),
    ("underpaid", "en"): _KindTexts(
        subject="Part payment: {service}",
        heading="Less than the amount due has arrived",
        lead="{entity} has received less than is due for this item. Do not pay again: a pagoPA notice is paid once "
        "only, and the creditor's office will contact you about what is missing.",
        action="Open the item and download the receipt",
    ),
    ("receipt", "en"): _KindTexts(
        subject="Payment confirmed: {service}",
        heading="The payment is confirmed",
        lead="{entity} has received the payment of this item: there is nothing else to do.",
        action="Open the item and download the receipt",
    ),
}

_COMMON_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "it": {
        "entity": "Ente creditore",
        "entity_fiscal_code": "Codice fiscale dell'ente",
        "service": "Servizio",
        "amount": "Importo",
        "due": "Scadenza",
        "amount_until": "Importo valido fino al",
        "notice_number": "Codice avviso",
        "paid_amount": "Importo pagato",
        "missing": "Importo che manca",
        "paid_at": "Pagato il",
        "psp": "Pagato tramite",
        "receipt_id": "Identificativo della ricevuta",
        "today": "scade oggi",
        "tomorrow": "scade domani",
        "in_days": "scade tra {days} giorni",
        "elsewhere": "Puoi pagare anche con l'app o il sito della tua banca, o presso banche, poste e tabaccai: "
        "bastano il codice avviso e il codice fiscale dell'ente.",
        "login": "Il portale chiede di entrare con SPID o CIE. Non chiede mai password o dati di carte per e-mail.",
        "why": "Ricevi questo messaggio perché hai acconsentito agli avvisi per e-mail. Puoi revocare il consenso "
        "quando vuoi:",
        "why_office": "Ricevi questo messaggio perché l'ufficio dell'ente lo ha mandato a questo indirizzo. Come sono "
        "trattati i dati:",
        "privacy": "Privacy e consensi",
        "no_reply": "Messaggio automatico: le risposte non vengono lette.",
    },
    "en": {
        "entity": "Creditor",
        "entity_fiscal_code": "Creditor's tax code",
        "service": "Service",
        "amount": "Amount",
        "due": "Due date",
        "amount_until": "Amount valid until",
        "notice_number": "Notice number",
        "paid_amount": "Amount paid",
        "missing": "Amount missing",
        "paid_at": "Paid on",
        "psp": "Paid through",
        "receipt_id": "Receipt identifier",
        "today": "is due today",
        "tomorrow": "is due tomorrow",
        "in_days": "is due in {days} days",
        "elsewhere": "You can also pay with your bank's app or site, or at banks, post offices and tobacconists: the "
        "notice number and the creditor's tax code are enough.",
        "login": "The portal asks you to log in with SPID or CIE. It never asks for passwords or card details by "
        "e-mail.",
        "why": "You receive this message because you agreed to notices by e-mail. You can withdraw the consent at any "
        "time:",
        "why_office": "You receive this message because the creditor's office has sent it to this address. How data "
        "are treated:",
        "privacy": "Privacy and consents",
        "no_reply": "Automatic message: replies are not read.",
    },
}

_TEMPLATES: Final = Environment(
    loader=PackageLoader("services.notices.mail"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def mail_text(facts: MailFacts, language: str, public_url: str) -> MailText:
    """Return what a mail says; `language` is it or en."""
    common, own = _COMMON_TEXTS[language], _KIND_TEXTS[_told_as(facts), language]
    practice = facts.practice
    names = {
        "service": _in_language(practice.service_title, language),
        "entity": facts.creditor.company_name,
        "when": _when(facts.days_left, common),
    }
    values = {
        "language": language,
        "heading": own.heading.format(**names),
        "lead": own.lead.format(**names),
        "service_text": facts.service_text.in_language(language) if facts.service_text else None,
        "rows": _rows(facts, language, common, names["service"]),
        "action": own.action,
        "action_url": public_url + _page(facts),
        "privacy_url": f"{public_url}/informativa-privacy" if facts.by_office else f"{public_url}/profilo/privacy",
        "is_receipt": facts.receipt is not None,
        "texts": {**common, "why": common["why_office"]} if facts.by_office else common,
    }
    return MailText(
        subject=own.subject.format(**names),
        plain=_TEMPLATES.get_template("mail.txt").render(values),
        html=_TEMPLATES.get_template("mail.html").render(values),
    )


def _page(facts: MailFacts) -> str:
    if facts.pay_token is not None:
        return f"/paga/{facts.pay_token}"
    return f"/enti/{quote(facts.practice.entity_code, safe='')}/pratiche/{facts.practice.id}"


def _told_as(facts: MailFacts) -> str:
    """Return by which texts a mail is told.

    Nobody reads as news from the entity what they inserted themselves. Less than is due is no payment, also where
    practices has not heard of it yet.
    """
    if facts.kind is Kind.NOTICE and facts.practice.origin == "spontaneous":
        return "inserted"
    if facts.receipt is None or facts.practice.state in _PAID:
        return facts.kind.message
    is_short = facts.practice.state == "underpaid" or "underpaid" in facts.receipt.flags
    return "underpaid" if is_short else facts.kind.message


def _in_language(text: LocalisedText, language: str) -> str:
    return text.en if language == "en" else text.it


def _when(days_left: int | None, common: Mapping[str, str]) -> str:
    if days_left is None:
        return ""
    return {0: common["today"], 1: common["tomorrow"]}.get(days_left) or common["in_days"].format(days=days_left)


def _rows(facts: MailFacts, language: str, common: Mapping[str, str], service: str) -> list[tuple[str, str]]:
    practice, creditor, receipt = facts.practice, facts.creditor, facts.receipt
    rows = [("entity", creditor.company_name), ("service", service)]
    number = practice.notice_number.grouped
    if receipt is None:
        rows += [("amount", _euro(practice.amount_cents, language))]
        rows += [("amount_until", _day(practice.amount_until, language))] if practice.amount_until else []
        due_date = practice.printed_date or practice.due_date
        rows += [("due", _day(due_date, language))] if due_date else []
        rows += [("notice_number", number), ("entity_fiscal_code", creditor.fiscal_code)]
    else:
        rows += [
            ("paid_amount", _euro(receipt.amount_cents, language)),
            *([("missing", _euro(practice.missing_cents, language))] if practice.missing_cents else []),
            ("paid_at", _moment(receipt.paid_at, language)),
            ("psp", receipt.psp_name or receipt.psp_id),
            ("notice_number", number),
            ("receipt_id", receipt.receipt_id),
        ]
    return [(common[name], value) for name, value in rows]


def _euro(amount_cents: int, language: str) -> str:
    return format_currency(Decimal(amount_cents) / 100, "EUR", locale=language)


def _day(day: date, language: str) -> str:
    return format_date(day, _DAY[language], locale=language)


def _moment(moment: datetime, language: str) -> str:
    return format_datetime(moment, _MOMENT[language], tzinfo=ROME, locale=language)
