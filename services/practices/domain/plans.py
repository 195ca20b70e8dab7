"""Instalments of one plan shown as one: by which of them the plan stands in a list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.shapes import Instalment
from services.practices.domain.debt import plan_references
from services.practices.domain.list_filter import Mark, Order


@dataclass(frozen=True)
class Instalments:
    """A plan of one debtor: the debt position and option that all have in common, or where there is none references."""

    service_code: str
    debt_position: str | None = None
    option: str | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listed:
    """A practice as far as its place in a list goes. `is_wanted`: it is one of those that the list is narrowed to."""

    place: int
    mark: Mark
    is_wanted: bool
    plan: Instalments | None = None


def plan_of(
    service_code: str,
    external_id: str | None,
    instalment: Instalment | None,
    debt_position: str | None,
    option: str | None,
) -> Instalments | None:
    """Return the plan that a debt is an instalment of; None where it is paid at once."""
    if instalment is None:
        return None
    if debt_position is not None:
        return Instalments(service_code, debt_position, option)
    references = plan_references(external_id, instalment)
    return Instalments(service_code, references=references) if references else None


def leaders(members: Iterable[Listed], order: Order) -> Mapping[Instalments, int]:
    """Return by which practice each plan stands in the list: the first of those wanted, by plan its place."""
    firsts: dict[Instalments, Listed] = {}
    for member in members:
        if member.plan is None or not member.is_wanted:
            continue
        first = firsts.get(member.plan)
        comes_first = first is None or (member.mark > first.mark if order.descending else member.mark < first.mark)
        if comes_first:
            firsts[member.plan] = member
    return {plan: first.place for plan, first in firsts.items()}
