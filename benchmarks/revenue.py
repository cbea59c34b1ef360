"""Revenue by Source of locations with few and many sales: the data, and the pages."""

from collections.abc import Iterator
from datetime import date, timedelta
from time import perf_counter
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime, now
from django_scopes import scope

from analytics.selectors import revenue_by_source
from analytics.services import month_of
from benchmarks.figures import ROUNDS, Figure, middle, p95, rounded
from benchmarks.pages import Page, signed_in_page
from benchmarks.rows import make_buyers, settle_down
from community.models import Location, Role, User

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
SMALL, LARGE = 100_000, 10_000_000  # between which it may not grow
MONTHS = 36
READS = 50
REQUESTS = 20

# Seven of ten lines are credits of six options by three methods, two are plans, one is other.
LINES = """
INSERT INTO analytics_revenueline
    (location_id, source, method, label, net_minor, currency, key, happened_at)
SELECT %(location)s,
       CASE WHEN n %% 10 < 7 THEN 'credits' WHEN n %% 10 < 9 THEN 'plans' ELSE 'other' END,
       CASE WHEN n %% 10 < 7 THEN (ARRAY['stripe', 'bank_transfer', 'bill'])[n %% 3 + 1]
            ELSE 'bill' END,
       CASE WHEN n %% 10 < 7 THEN (5 * (n %% 6 + 1)) || ' credits' ELSE 'Flex' END,
       1000 + n %% 997, 'EUR', 'bench:' || n,
       %(until)s - random() * (%(until)s - %(since)s)
FROM generate_series(1, %(lines)s) n
"""

# As recorded sale by sale: over the slots.
MONTHS_OF_LINES = """
INSERT INTO analytics_revenuemonth
    (location_id, month, source, method, option, slot, net_minor, lines)
SELECT location_id, date_trunc('month', happened_at AT TIME ZONE 'Europe/Berlin')::date, source,
       method, CASE source WHEN 'credits' THEN label ELSE '' END, id %% 4, sum(net_minor), count(*)
FROM analytics_revenueline WHERE location_id = %(location)s
GROUP BY 1, 2, 3, 4, 5, 6
"""


def measure() -> Iterator[Figure]:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # ten million rows take a while
    admin = User.objects.create(email="admin@bench.test", name="Nora Lind")
    places = {size: _place(admin, lines=size) for size in SIZES}
    settle_down()
    reads: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size, location in places.items():
            reads[size].append(_read(location))
    medians = {size: middle(times) for size, times in reads.items()}
    growths = [large / small for large, small in zip(reads[LARGE], reads[SMALL], strict=True)]
    yield Figure(
        "revenue_read_ms",
        medians[LARGE],
        "ms",
        {
            "measured": "analytics.selectors.revenue_by_source of one location, 36 months and the"
            f" year before, {LARGE} lines; each round the median of {READS} reads",
            "by_lines": medians,
            "growth_100k_to_10M": middle(growths),
            "rounds": rounded(reads[LARGE]),
        },
    )
    pages = {size: _pages(admin, location) for size, location in places.items()}
    yield Figure("revenue_page_ms", pages[LARGE]["months_ms"], "ms", {"by_lines": pages})


def _place(admin: User, *, lines: int) -> Location:
    location = make_buyers(locations=1, members=1)[0].place.location
    Role.objects.create(user=admin, location=location, kind=Role.Kind.ADMIN)
    until = now()
    since = until - relativedelta(months=MONTHS) + timedelta(days=1)
    values: dict[str, Any] = {
        "location": location.pk,
        "until": until,
        "since": since,
        "lines": lines,
    }
    with connection.cursor() as cursor:
        cursor.execute(LINES, values)
        cursor.execute(MONTHS_OF_LINES, values)
    return location


def _span(location: Location) -> tuple[date, date]:
    last = month_of(now(), location.zone)
    return last - relativedelta(months=MONTHS - 1), last


def _read(location: Location) -> float:
    """Milliseconds of a read, the median of many."""
    first, last = _span(location)
    times = []
    with scope(location=location):
        for _ in range(READS):
            started = perf_counter()
            revenue_by_source(location_id=location.pk, first=first, last=last)
            times.append((perf_counter() - started) * 1000)
    return middle(times)


def _pages(admin: User, location: Location) -> dict[str, Any]:
    """Time (p95 of the requests) and queries of the page, of a month's rows and their last page."""
    first, last = _span(location)
    home = f"/{location.slug}/analytics/"
    month = f"{home}{localtime() - timedelta(days=40):%Y-%m}/"
    asked = {
        "months": f"{home}?first={first}&last={last}",
        "rows": month,
        "last_rows": f"{month}?page=1000000",
    }
    found: dict[str, Any] = {}
    for name, path in asked.items():
        page = signed_in_page(admin, path)
        page.times(3)  # warm: templates, prepared statements
        found[f"{name}_ms"] = round(p95(page.times(REQUESTS)), 1)
        found[f"{name}_queries"] = _queries(page)
    return found


def _queries(page: Page) -> int:
    with CaptureQueriesContext(connection) as asked:
        page.times(1)
    return len(asked)
