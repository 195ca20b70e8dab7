"""Makes debts_pm108.csv, the debt file of the running example: `python -m sandbox.data.make_debts`.

Deterministic: the same file every time. 500 rows: TARI, school meals, tuition in instalments; 17 of them are wrong
(12 mistyped fiscal codes and one each of five other mistakes), the others load.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from stdnum.it import iva
from stdnum.luhn import calc_check_digit

from sandbox.data.codice_fiscale import codice_fiscale

HERE: Final = Path(__file__).parent
FILE: Final = HERE / "debts_pm108.csv"
COLUMNS: Final = (
    "codice_debito",
    "servizio",
    "codice_fiscale",
    "cognome_nome",
    "email",
    "causale",
    "importo",
    "scadenza",
    "rata",
    "rate_totali",
)
ROW_COUNT: Final = 500
WRONG_FISCAL_CODES: Final = 12
SEED: Final = 108

FAMILY_NAMES: Final = (
    "Rossi", "D'Angelo", "De Santis", "Esposito", "Lo Cicero", "Dell'Acqua", "Cantù", "Ferrari", "Nicolì", "Colò",
    "Russo", "Greco", "Di Pietro", "Lombardi", "Caffè", "Moretti", "Mancini", "Fattòri", "Conte", "D'Amico",
    "Pellegrini", "Dalla Chiesa", "Sardù", "Marini", "Zanardelli", "Palumbo", "Sanna", "Testa", "L'Abbate", "Fo",
)  # fmt: skip
MEN: Final = (
    "Nicolò", "Giuseppe", "Andrea", "Niccolò", "Gabriele", "Tommaso", "Pier Luigi", "Matteo", "Salvatore", "Élie",
    "Gian Marco", "Cosimo", "Davide", "Noè", "Giosuè", "Emanuele",
)  # fmt: skip
WOMEN: Final = (
    "Maria Grazia", "Chiara", "Noemi", "Zoë", "Alessia", "Giorgia", "Sara", "Anna", "Desirée", "Rosalia", "Niké",
    "Federica", "Beatrice", "Maria José", "Ludovica", "Ilaria",
)  # fmt: skip
PLACES: Final = ("L049", "A662", "F205", "H501", "A562", "D643", "F839", "L219", "D612", "G273", "I119", "Z404")
STREETS: Final = (
    "via Duomo 12",
    "corso Umberto I 145",
    "via D'Aquino 7/b",
    "viale Magna Grecia 38",
    "vico Civitanova 3",
)
SCHOOLS: Final = (
    "primaria «G. Pascoli»",
    "dell'infanzia «L'Aquilone»",
    "primaria «M.L. King»",
    "secondaria «C. Colombo»",
)
COURSES: Final = (
    "Pianoforte",
    "Violino",
    "Canto lirico",
    "Flauto traverso",
    "Composizione",
    "Clavicembalo",
    "Jazz - tromba",
)
FIRMS: Final = (
    'Panificio "La Spiga" di L. Greco & C. s.n.c.',
    "Caffè dell'Università s.r.l.",
    "Libreria Musicale Città Vecchia s.a.s.",
    "Autofficina F.lli D'Amico; ricambi",
)
MEAL_MONTHS: Final = (
    ("ottobre 2026", "2026-10", date(2026, 11, 15)),
    ("novembre 2026", "2026-11", date(2026, 12, 15)),
    ("dicembre 2026", "2026-12", date(2027, 1, 15)),
    ("gennaio 2027", "2027-01", date(2027, 2, 15)),
)
WASTE_DUES: Final = (("acconto", date(2026, 9, 16)), ("saldo", date(2026, 12, 2)), ("acconto 2027", date(2027, 4, 30)))
TUITION_DUES: Final = (
    date(2026, 9, 30),
    date(2026, 10, 31),
    date(2026, 11, 30),
    date(2027, 1, 31),
    date(2027, 2, 28),
    date(2027, 3, 31),
    date(2027, 4, 30),
)


@dataclass(frozen=True)
class Person:
    """A debtor."""

    fiscal_code: str
    family_name: str
    name: str
    email: str = ""

    @property
    def full_name(self) -> str:
        """Surname first, as registers have it."""
        return f"{self.family_name} {self.name}".strip()


@dataclass(frozen=True)
class Debt:
    """One row, as text."""

    codice_debito: str
    servizio: str
    codice_fiscale: str
    cognome_nome: str
    email: str
    causale: str
    importo: str
    scadenza: str
    rata: str = ""
    rate_totali: str = ""


def rows() -> list[Debt]:
    """Return the 500 rows of the file."""
    random = Random(SEED)  # noqa: S311 -- invented data, not secrets
    made = [*_of_citizens(), *_of_firms(random)]
    people = _people(random)
    while len(made) < ROW_COUNT:
        made += _of_person(random, next(people), len(made))
    return _with_mistakes(random, made[:ROW_COUNT])


def write(debts: list[Debt]) -> str:
    """Return the file's text: `;` between fields, quotes where a field needs them, CRLF like an office program."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(debt, column) for column in COLUMNS] for debt in debts)
    return text.getvalue()


def _of_citizens() -> Iterator[Debt]:
    """Yield what the three test citizens owe: enough to fill a cart, some of it overdue, some due next year."""
    citizens = json.loads((HERE / "citizens.json").read_text(encoding="utf-8"))["citizens"]
    mario, giulia, luca = (
        Person(one["fiscal_code"], one["family_name"], one["name"], one["email"] or "") for one in citizens
    )
    yield _waste(mario, 1, 0, "via Duomo 12", "214,50")
    yield _waste(mario, 1, 1, "via Duomo 12", "214,50")
    yield from (_tuition(mario, "Rossi Sofia", "Violino", 1, number, "142,86") for number in range(2, 8))
    yield _meal(mario, "Rossi Sofia", SCHOOLS[0], 1, 1, "88,00")
    for child, school in (("Bianchi Niccolò", SCHOOLS[0]), ("Bianchi Zoë", SCHOOLS[1])):
        place = 2 if school is SCHOOLS[0] else 3
        yield from (_meal(giulia, child, school, place, month, "76,50") for month in range(3))
    yield from (_tuition(giulia, "Bianchi Niccolò", "Pianoforte", 2, number, "171,43") for number in range(3, 7))
    yield _waste(luca, 2, 1, "corso Umberto I 145", "97,20")
    yield from (_tuition(luca, "Verdi Luca", "Composizione", 3, number, "1.028,57") for number in (3, 4, 5))


def _of_firms(random: Random) -> Iterator[Debt]:
    """Yield the waste tax of a few firms, whose fiscal code is a VAT number."""
    for place, name in enumerate(FIRMS, start=900):
        digits = f"0{random.randrange(10**6):06d}073"
        number = digits + str(calc_check_digit(digits))
        if not iva.is_valid(number):
            raise ValueError(f"{number} is not a VAT number")
        yield _waste(
            Person(number, name, "", f"amministrazione{place}@posta.example"), place, 1, STREETS[1], "1.846,00"
        )


def _people(random: Random) -> Iterator[Person]:
    """Yield invented people for ever."""
    while True:
        gender = random.choice("MF")
        name = random.choice(MEN if gender == "M" else WOMEN)
        family_name = random.choice(FAMILY_NAMES)
        born_on = date(1958, 1, 1) + timedelta(days=random.randrange(45 * 365))
        code = codice_fiscale(family_name, name, gender, born_on, random.choice(PLACES))
        address = f"{code[:6].lower()}{born_on:%y}@posta.example" if random.random() < 0.6 else ""
        yield Person(code, family_name, name, address)


def _of_person(random: Random, person: Person, place: int) -> list[Debt]:
    """Return what one person owes under one service."""
    child = f"{person.family_name} {random.choice(MEN + WOMEN)}"
    euros = random.randrange(40, 400)
    match random.choice(("TARI", "MENSA", "RETTA")):
        case "TARI":
            street = random.choice(STREETS)
            count = random.randint(1, 3)
            return [_waste(person, place, due, street, f"{euros},{random.randrange(100):02d}") for due in range(count)]
        case "MENSA":
            school = random.choice(SCHOOLS)
            return [_meal(person, child, school, place, month, f"{euros // 4},50") for month in range(4)]
        case _:
            course = random.choice(COURSES)
            amount = f"{euros * 7:,}".replace(",", ".") + ",00"
            numbers = range(random.randint(1, 5), 8)
            return [_tuition(person, child, course, place, number, amount) for number in numbers]


def _waste(person: Person, place: int, due: int, street: str, amount: str) -> Debt:
    label, day = WASTE_DUES[due]
    return Debt(
        f"TARI-2026-{place:05d}-{due + 1}",
        "TARI",
        person.fiscal_code,
        person.full_name,
        person.email,
        f"TARI 2026; {label}; utenza di {street}",
        amount,
        f"{day:%d/%m/%Y}",
    )


def _meal(person: Person, child: str, school: str, place: int, month: int, amount: str) -> Debt:
    label, code, day = MEAL_MONTHS[month]
    return Debt(
        f"MENSA-{code}-{place:05d}",
        "MENSA",
        person.fiscal_code,
        person.full_name,
        person.email,
        f"Mensa scolastica {label} - {child} - scuola {school}",
        amount,
        f"{day:%d/%m/%Y}",
    )


def _tuition(person: Person, student: str, course: str, place: int, number: int, amount: str) -> Debt:
    total = len(TUITION_DUES)
    return Debt(
        f"RETTA-2627-{place:05d}-{number}",
        "RETTA",
        person.fiscal_code,
        person.full_name,
        person.email,
        f"Retta a.a. 2026/2027, rata {number} di {total} - {student} - {course}",
        amount,
        f"{TUITION_DUES[number - 1]:%d/%m/%Y}",
        str(number),
        str(total),
    )


def _with_mistakes(random: Random, debts: list[Debt]) -> list[Debt]:
    """Spoil 17 rows of people who are not test citizens, as typists do."""
    typing: list[Callable[[str], str]] = [
        lambda code: code[:-1] + ("A" if code[-1] != "A" else "B"),
        lambda code: code[1] + code[0] + code[2:] if code[0] != code[1] else code[:-1],
        lambda code: code[:6] + "O" + code[7:],
        lambda code: code[:-1],
        lambda code: code + code[-1],
        lambda code: code[:11] + "-" + code[12:],
    ]
    others: list[Callable[[Debt], Debt]] = [
        lambda debt: replace(debt, importo="148,505"),
        lambda debt: replace(debt, importo="0,00"),
        lambda debt: replace(debt, servizio="PALESTRA"),
        lambda debt: replace(
            debt, causale=f"{debt.causale} - " + "conguaglio delle presenze del mese precedente, " * 3
        ),
        lambda debt: replace(debt, scadenza="31/11/2026"),
    ]
    spoilt = list(debts)
    places = random.sample(range(40, ROW_COUNT), WRONG_FISCAL_CODES + len(others))
    for count, place in enumerate(places):
        debt = spoilt[place]
        if count < WRONG_FISCAL_CODES:
            spoilt[place] = replace(debt, codice_fiscale=typing[count % len(typing)](debt.codice_fiscale))
        else:
            spoilt[place] = others[count - WRONG_FISCAL_CODES](debt)
    return spoilt


def main() -> None:
    """Write the file beside this program."""
    FILE.write_text(write(rows()), encoding="utf-8", newline="")
    sys.stdout.write(f"{FILE.name} written\n")


if __name__ == "__main__":
    main()
