from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from credits.models import Lot

WIDTH = 420
GAP = 3
SOONEST = 2  # dates that the bar names; what lapses after them is summed up


@dataclass(frozen=True)
class LotSegment:
    """One part of the balance, when it lapses, and its place on the bar."""

    kind: str  # "date", "later" or "never"
    credits: Decimal
    lapses_at: datetime | None
    tint: str = ""
    x: int = 0
    width: int = 0


def lot_bar(*, customer_id: int) -> list[LotSegment]:
    """What a customer has by when it lapses: the soonest dates, the later ones, the rest."""
    dated: dict[datetime, Decimal] = {}
    never = Decimal(0)
    lots = Lot.objects.filter(wallet__customer_id=customer_id).not_empty().in_spending_order()
    for lapses_at, remaining in lots.values_list("lapses_at", "remaining"):
        if lapses_at is None:
            never += remaining
        else:
            dated[lapses_at] = dated.get(lapses_at, Decimal(0)) + remaining
    parts = [LotSegment("date", credits, when) for when, credits in list(dated.items())[:SOONEST]]
    later = sum(list(dated.values())[SOONEST:], Decimal(0))
    if later:
        parts.append(LotSegment("later", later, None))
    if never:
        parts.append(LotSegment("never", never, None))
    return _placed(parts)


def _placed(parts: list[LotSegment]) -> list[LotSegment]:
    total = sum((part.credits for part in parts), Decimal(0))
    room = WIDTH - GAP * (len(parts) - 1)
    placed: list[LotSegment] = []
    x = 0
    for place, part in enumerate(parts):
        tint = ("a", "b")[place] if part.kind == "date" else "c"
        width = max(GAP, int(room * part.credits / total))
        placed.append(LotSegment(part.kind, part.credits, part.lapses_at, tint, x, width))
        x += width + GAP
    return placed
