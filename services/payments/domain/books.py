"""What an entity's books know a practice by: told by practices, repeated wherever its money is told of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contracts.rpc import practices
from contracts.shapes import Beneficiary, Instalment


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """The entity's own reference, the service and its account, which instalment, and for whom it is paid."""

    external_id: str | None = None
    service_code: str | None = None
    accounting_code: str | None = None
    instalment: Instalment | None = None
    beneficiary: Beneficiary | None = None

    @classmethod
    def of(cls, position: practices.Position) -> Self:
        """Take what practices tells."""
        return cls(
            external_id=position.external_id,
            service_code=position.service_code,
            accounting_code=position.accounting_code,
            instalment=position.instalment,
            beneficiary=position.beneficiary,
        )

    def fields(self) -> Mapping[str, Any]:
        """Return the fields of every message that repeats it, by the same names."""
        return {
            "external_id": self.external_id,
            "service_code": self.service_code,
            "accounting_code": self.accounting_code,
            "instalment": self.instalment,
            "beneficiary": self.beneficiary,
        }
