from datetime import datetime
from zlib import crc32

from django.db import transaction

from analytics.models import RevenueMonth, Source
from analytics.statements import insert_revenue_line
from community.models import Location


def record_revenue(
    *,
    location: Location,
    source: Source,
    method: str,
    label: str,
    net_minor: int,
    key: str,
    at: datetime,
) -> None:
    """Record net sales (minor units, negative when taken back) in their month, once per key.

    Call it in the transaction that earns them.
    """
    assert transaction.get_connection().in_atomic_block
    insert_revenue_line(
        location_id=location.pk,
        month=at.astimezone(location.zone).date().replace(day=1),
        source=source,
        method=method,
        label=label,
        net_minor=net_minor,
        currency=location.currency,
        key=key,
        slot=crc32(key.encode()) % RevenueMonth.SLOTS,
        at=at,
    )
