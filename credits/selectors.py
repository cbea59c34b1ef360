from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum

from credits.models import Lot


@dataclass(frozen=True)
class NextLapse:
    """The credits of one customer that lapse soonest, all at one moment."""

    credits: Decimal
    lapses_at: datetime


def next_lapse(*, customer_id: int) -> NextLapse | None:
    """What lapses next, without what is held; None if nothing ever does."""
    soonest = (
        Lot.objects.filter(wallet__customer_id=customer_id, lapses_at__isnull=False)
        .with_free_credits()
        .values("lapses_at")
        .annotate(left=Sum(F("remaining") - F("held")))
        .order_by("lapses_at")
        .first()
    )
    return NextLapse(soonest["left"], soonest["lapses_at"]) if soonest else None
