"""The test citizens, from the same file as their debts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parents[1] / "data" / "citizens.json"
_DESCRIPTIONS: Final = {
    "mario-rossi": "Mario Rossi, adult",
    "giulia-bianchi": "Giulia Bianchi, a parent who pays for her child",
    "luca-verdi": "Luca Verdi, without an e-mail address",
}
_COMPANIES: Final[Mapping[str, Mapping[str, str]]] = {
    "giulia-bianchi": {
        "companyName": "Officine Bianchi S.r.l.",
        "companyFiscalNumber": "TINIT-00743110157",
        "ivaCode": "VATIT-00743110157",
    }
}


@dataclass(frozen=True)
class TestCitizen:
    """Somebody who can log in. `username` is what the pages and the banner call them; `email` may be None.

    `company`: the attributes of an identity for professional use, asserted where they are asked for.
    """

    username: str
    description: str
    fiscal_code: str
    name: str
    family_name: str
    email: str | None
    company: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def attributes(self) -> dict[str, str]:
        """What the identity provider can assert, by SPID attribute name (spid.md 1.7)."""
        known = {
            "spidCode": f"PROV{self.fiscal_code[-10:]}",
            "name": self.name,
            "familyName": self.family_name,
            "fiscalNumber": f"TINIT-{self.fiscal_code}",
            "email": self.email,
            **self.company,
        }
        return {name: value for name, value in known.items() if value}


def _load() -> tuple[TestCitizen, ...]:
    return tuple(
        TestCitizen(
            username=one["key"],
            description=_DESCRIPTIONS.get(one["key"], f"{one['name']} {one['family_name']}"),
            fiscal_code=one["fiscal_code"],
            name=one["name"],
            family_name=one["family_name"],
            email=one["email"],
            company=_COMPANIES.get(one["key"], {}),
        )
        for one in json.loads(_FILE.read_text(encoding="utf-8"))["citizens"]
    )


CITIZENS: Final = _load()
