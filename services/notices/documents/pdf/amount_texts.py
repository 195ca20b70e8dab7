"""What a notice says of an amount that changes with the days, by language: our own words, pagoPA has none for it."""

from dataclasses import dataclass
from typing import Final

from services.notices.documents.domain.content import DatedAmount
from services.notices.documents.pdf.formats import amount_text, date_text


@dataclass(frozen=True)
class AmountTexts:
    """One period each, and the sentence around them."""

    sentence: str
    until: str
    between: str
    since: str
    grows: str
    grows_since: str
    reduced: str
    then: str


_TEXTS: Final = {
    "it": AmountTexts(
        sentence="Quanto si paga cambia con i giorni: {periods}.",
        until="{amount} Euro fino al {last}",
        between="{amount} Euro dal {first} al {last}",
        since="{amount} Euro dal {first}",
        grows="{amount} Euro oggi e ogni giorno di più per gli interessi",
        grows_since="{amount} Euro il {first} e poi ogni giorno di più per gli interessi",
        reduced="{amount} Euro entro {days} giorni dalla notifica",
        then="poi {amount} Euro",
    ),
    "en": AmountTexts(
        sentence="What is to be paid changes with the days: {periods}.",
        until="{amount} Euro until {last}",
        between="{amount} Euro from {first} to {last}",
        since="{amount} Euro from {first}",
        grows="{amount} Euro today and more with each day of interest",
        grows_since="{amount} Euro on {first} and then more with each day of interest",
        reduced="{amount} Euro within {days} days of notification",
        then="then {amount} Euro",
    ),
    "de": AmountTexts(
        sentence="Der zu zahlende Betrag ändert sich mit den Tagen: {periods}.",
        until="{amount} Euro bis {last}",
        between="{amount} Euro von {first} bis {last}",
        since="{amount} Euro ab {first}",
        grows="{amount} Euro heute und mit jedem Tag mehr an Zinsen",
        grows_since="{amount} Euro am {first} und danach mit jedem Tag mehr an Zinsen",
        reduced="{amount} Euro innerhalb von {days} Tagen ab Zustellung",
        then="danach {amount} Euro",
    ),
    "fr": AmountTexts(
        sentence="Le montant à payer change avec les jours : {periods}.",
        until="{amount} Euro jusqu’au {last}",
        between="{amount} Euro du {first} au {last}",
        since="{amount} Euro à partir du {first}",
        grows="{amount} Euro aujourd’hui et chaque jour davantage avec les intérêts",
        grows_since="{amount} Euro le {first} puis chaque jour davantage avec les intérêts",
        reduced="{amount} Euro dans les {days} jours de la notification",
        then="puis {amount} Euro",
    ),
    "sl": AmountTexts(
        sentence="Znesek za plačilo se spreminja z dnevi: {periods}.",
        until="{amount} Euro do {last}",
        between="{amount} Euro od {first} do {last}",
        since="{amount} Euro od {first}",
        grows="{amount} Euro danes in vsak dan več zaradi obresti",
        grows_since="{amount} Euro dne {first}, nato vsak dan več zaradi obresti",
        reduced="{amount} Euro v {days} dneh od vročitve",
        then="nato {amount} Euro",
    ),
}


def amounts_sentence(periods: tuple[DatedAmount, ...], language: str) -> str:
    """Say what is to be paid until when, period after period; at least one."""
    texts = _TEXTS[language]
    return texts.sentence.format(periods="; ".join(_period(one, texts, language) for one in periods))


def _period(one: DatedAmount, texts: AmountTexts, language: str) -> str:
    said = _form(one, texts)
    first, last = (date_text(day) if day else "" for day in (one.since, one.until))
    amount = amount_text(one.amount_cents, language)
    return said.format(amount=amount, first=first, last=last, days=one.reduced_days)


def _form(one: DatedAmount, texts: AmountTexts) -> str:
    if one.reduced_days:
        return texts.reduced
    if one.grows:
        return texts.grows_since if one.since else texts.grows
    if one.since:
        return texts.between if one.until else texts.since
    return texts.until if one.until else texts.then
