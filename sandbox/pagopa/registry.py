"""Whom the node knows: creditors with their station, and payment service providers (invented)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml


@dataclass(frozen=True)
class Creditor:
    """A creditor and the station through which it is asked."""

    fiscal_code: str
    name: str
    broker: str
    station: str


@dataclass(frozen=True)
class DemandedService:
    """A service that a citizen may ask for at a counter, by the codes the creditor has agreed with the PSPs."""

    creditor_fiscal_code: str
    service_id: str
    subject_id: str
    title: str
    needs_student: bool

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.creditor_fiscal_code}|{self.service_id}|{self.subject_id}"


@dataclass(frozen=True)
class Psp:
    """A payment service provider."""

    key: str
    id: str
    name: str
    fiscal_code: str
    method: str

    @property
    def channel(self) -> str:
        """Its way into the node."""
        return f"{self.fiscal_code}_01"


PSPS: Final = (
    Psp("banca", "BESEITM1", "Banca Esempio S.p.A.", "99999000021", "creditCard"),
    Psp("tabaccheria", "TABEIT01", "Punto Tabacchi Esempio", "99999000039", "cash"),
    Psp("poste", "POSEIT01", "Sportello Postale Esempio", "99999000047", "cash"),
)


def find_psp(key: str) -> Psp:
    """Return a provider by its key; the first one for any other."""
    return next((known for known in PSPS if known.key == key), PSPS[0])


def _entities(catalogue: Path) -> Iterator[Any]:
    """Yield the entities of a catalogue file, or of those in a folder."""
    if catalogue.is_dir():
        for file in sorted(catalogue.glob("*.yaml")):
            yield from _entities(file)
    elif catalogue.is_file():
        text = catalogue.read_text("utf-8")
        content = json.loads(text) if catalogue.suffix == ".json" else yaml.safe_load(text)
        yield from content.get("entities", [content])


class Registry:
    """The creditors of the catalogue; another one is taken to be its own broker, with station 01.

    `catalogue_file`: a file, or a folder of them.
    """

    def __init__(self, catalogue_file: Path) -> None:
        # Who bills most comes first, in the list at the counter too.
        entities = sorted(_entities(catalogue_file), key=lambda entity: -len(entity.get("services", ())))
        creditors = [entity["creditor"] for entity in entities]
        self.creditors: Final = tuple(
            Creditor(known["fiscal_code"], known["company_name"], known["broker_fiscal_code"], known["station_id"])
            for known in creditors
        )
        self.demanded: Final = tuple(
            DemandedService(
                creditor_fiscal_code=entity["creditor"]["fiscal_code"],
                service_id=service["demand"]["service_id"],
                subject_id=service["demand"]["subject_id"],
                title=service["title"]["it"],
                needs_student=service["requires_beneficiary"],
            )
            for entity in entities
            for service in entity["services"]
            if service.get("demand")
        )

    def creditor(self, fiscal_code: str) -> Creditor:
        """Return a creditor by its fiscal code."""
        default = Creditor(fiscal_code, fiscal_code, fiscal_code, f"{fiscal_code}_01")
        return next((known for known in self.creditors if known.fiscal_code == fiscal_code), default)

    def knows(self, fiscal_code: str) -> bool:
        """Return whether the creditor has a station here."""
        return any(known.fiscal_code == fiscal_code for known in self.creditors)
