from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One number with its floor: what the same costs a bare server. Names are `part.what[.database].statistic`."""

    name: str
    value: float
    unit: str
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        return round(self.value / self.floor, 2) if self.floor else None

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": round(self.value, 2),
            "unit": self.unit,
            "floor": None if self.floor is None else round(self.floor, 2),
            "ratio": self.ratio,
        }

    def __str__(self) -> str:
        floor = "" if self.floor is None else f"   floor {self.floor:.1f}, ratio {self.ratio}"
        return f"{self.name:36} {self.value:9.1f} {self.unit}{floor}"


def percentile(values: Sequence[float], percent: float) -> float:
    """By the nearest rank: one of the values, never between two."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]
