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
            option=label if source == Source.CREDITS else "",
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
    _replace(location, _months_of_lines(location))


def stale_months(*, location: Location) -> list[date]:
    """All months that a rebuild has to look at: those with lines, and those with a rollup."""
    rolled_up = RevenueMonth.objects.filter(location=location).values_list("month", flat=True)
    return sorted({*_months_of_lines(location), *rolled_up.distinct()})


@transaction.atomic
def rebuild_month(*, location_id: int, month: date) -> None:
    """Sum one month of a location anew. Sales wait while it is summed, not between months."""
    # Against a change of the time zone, which rebuilds all months itself.
    location = Location.objects.select_for_update(no_key=True).get(pk=location_id)
    lock_months()
    _replace(location, [month], only=month)


def _replace(location: Location, months: list[date], *, only: date | None = None) -> None:
    replace_months(
        location_id=location.pk,
        months=months,
        starts=[month_start(month, location.zone) for month in months],
        ends=[month_start(month + relativedelta(months=1), location.zone) for month in months],
        only=only,
    )


def month_of(at: datetime, zone: ZoneInfo) -> date:
    """The first day of the month in which something happened, in a time zone."""
    return at.astimezone(zone).date().replace(day=1)


def month_start(month: date, zone: ZoneInfo) -> datetime:
    """The first moment of a month in a time zone."""
    return datetime.combine(month, time.min, zone)


def months_between(first: date, last: date) -> list[date]:
    """The months from one to another, both included."""
    months = []
    while first <= last:
        months.append(first)
        first += relativedelta(months=1)
    return months


def _months_of_lines(location: Location) -> list[date]:
    lines = RevenueLine.objects.filter(location=location)
    span = lines.aggregate(first=Min("happened_at"), last=Max("happened_at"))
    if span["first"] is None:
        return []
    first, last = (month_of(span[end], location.zone) for end in ("first", "last"))
    return months_between(first, last)
