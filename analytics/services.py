from datetime import date, datetime, time
from zlib import crc32
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Max, Min

from analytics.models import RevenueLine, RevenueMonth, Source
from analytics.statements import insert_revenue_line, lock_months, replace_months
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

    def written(time_zone: str) -> bool:
        return insert_revenue_line(
            location_id=location.pk,
            time_zone=time_zone,
            month=month_of(at, ZoneInfo(time_zone)),
            source=source,
            method=method,
            label=label,
            net_minor=net_minor,
            currency=location.currency,
            key=key,
            slot=crc32(key.encode()) % RevenueMonth.SLOTS,
            at=at,
        )

    if not written(location.time_zone):
        # An admin moved the location to another time zone since the caller read it.
        assert written(Location.objects.values_list("time_zone", flat=True).get(pk=location.pk))


def rebuild_months(*, location: Location) -> None:
    """Sort a location's revenue into the months of its time zone anew.

    Call it in the transaction that changes the zone, right before its commit: sales of every
    location wait until then.
    """
    assert transaction.get_connection().in_atomic_block
    lock_months()
    lines = RevenueLine.objects.filter(location=location)
    span = lines.aggregate(first=Min("happened_at"), last=Max("happened_at"))
    months = _months(span["first"], span["last"], location.zone) if span["first"] else []
    replace_months(
        location_id=location.pk,
        months=months,
        starts=[_midnight(month, location.zone) for month in months],
        ends=[_midnight(month + relativedelta(months=1), location.zone) for month in months],
    )


def month_of(at: datetime, zone: ZoneInfo) -> date:
    """The first day of the month in which something happened, in a time zone."""
    return at.astimezone(zone).date().replace(day=1)


def _months(first: datetime, last: datetime, zone: ZoneInfo) -> list[date]:
    month, end = month_of(first, zone), month_of(last, zone)
    months = [month]
    while month < end:
        month += relativedelta(months=1)
        months.append(month)
    return months


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
