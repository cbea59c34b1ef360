"""A figure: one line of JSON, with all that is needed to judge it."""

import json
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

ROUNDS = 7


@dataclass(frozen=True)
class Figure:
    figure: str
    value: float
    unit: str
    detail: dict[str, Any]

    def line(self) -> str:
        return json.dumps(asdict(self))


def middle(values: list[float]) -> float:
    return round(median(values), 3)


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


def rounded(values: list[float], digits: int = 3) -> list[float]:
    return [round(value, digits) for value in values]
