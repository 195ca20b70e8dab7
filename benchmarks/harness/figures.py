"""What a benchmark found: figures, each with its unit and, where it has one, its goal."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.harness.turns import Side

PROCESSOR: Final = "processor"
RATIO: Final = "ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number. `at_least` or `at_most` is its goal; a figure without one is for orientation."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Return whether the goal is met; None where there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    @property
    def goal(self) -> str:
        """The goal as people write it, empty where there is none."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "Figure":
        """Read what `as_json` wrote."""
        return cls(**values)


def compared(
    ours: Side,
    baseline: Side,
    unit: str,
    *,
    ratio: float | None = None,
    rate: float | None = None,
    processor_ms: float | None = None,
    by_processor: bool = False,
) -> list[Figure]:
    """Return the figures of a side and its baseline; `unit` is one unit of work.

    The goals: `ratio` and `rate` (units a second) at least, `processor_ms` a unit at most. The ratio is that of the
    rates; with `by_processor` that of the processor times a unit, for work that one process does without waiting.
    """
    quotient = baseline.processor_ms / ours.processor_ms if by_processor else ours.rate / baseline.rate
    by_cost = (
        []
        if by_processor
        else [
            Figure(name="ratio of processor", value=baseline.processor_ms / ours.processor_ms, unit="of the baseline")
        ]
    )
    return [
        Figure(name=RATIO, value=quotient, unit="of the baseline", at_least=ratio),
        *by_cost,
        Figure(name="rate", value=ours.rate, unit=f"{unit}/s", at_least=rate),
        Figure(name=PROCESSOR, value=ours.processor_ms, unit=f"ms/{unit}", at_most=processor_ms),
        Figure(name="baseline rate", value=baseline.rate, unit=f"{unit}/s"),
        Figure(name="baseline processor", value=baseline.processor_ms, unit=f"ms/{unit}"),
    ]
