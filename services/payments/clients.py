"""What payments asks practices, over RPC. pagoPA is talked to in checkout_client.py and settlement/fdr_org.py."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from contracts.call import Call
from contracts.rpc.practices import DEMAND, POSITIONS


class Rpc(Protocol):
    """The RPC client of the chassis, as far as it is used here."""

    def call(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return the loaded reply."""


def ask_positions(
    rpc: Rpc,
    *,
    creditor_fiscal_code: str | None = None,
    notice_number: str | None = None,
    practice_ids: Sequence[UUID] = (),
) -> dict[str, Any]:
    """Ask practices for what our projection does not have. Raises Unavailable."""
    request: dict[str, Any] = {"practice_ids": list(practice_ids)}
    if creditor_fiscal_code is not None:
        request["creditor_fiscal_code"] = creditor_fiscal_code
    if notice_number is not None:
        request["notice_number"] = notice_number
    return rpc.call(POSITIONS, request)


def demand_practice(
    rpc: Rpc, *, creditor_fiscal_code: str, service_id: str, subject_id: str, typed: Mapping[str, Any]
) -> dict[str, Any]:
    """Have practices make what a citizen asks for at a PSP; returns its Position. Raises Refused and Unavailable."""
    codes = {"creditor_fiscal_code": creditor_fiscal_code, "service_id": service_id, "subject_id": subject_id}
    return rpc.call(DEMAND, {**typed, **codes})
