"""What it takes to close the periods of thousands of customers that are due at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

from dateutil.relativedelta import relativedelta
from django.utils.timezone import now
from django_scopes import scopes_disabled

from benchmarks.figures import Figure
from benchmarks.rows import make_buyers, settle_down
from billing.models import Bill
from community.management.commands.check_invariants import broken_invariants
from membership.models import Plan
from membership.tasks import close_due_periods

LOCATIONS = 10
CUSTOMERS = 10_000
KIB = 1024


def measure() -> Iterator[Figure]:
    make_buyers(locations=LOCATIONS, members=CUSTOMERS // LOCATIONS, bills=False)
    with scopes_disabled():
        Plan.objects.update(price_minor=2900, monthly_credits=Decimal(5))
    begun = _run(now())
    settle_down()
    before = _memory_mib()
    cpu = process_time()
    seconds = _run(now() + relativedelta(months=1) + timedelta(days=1))
    cpu = process_time() - cpu
    with scopes_disabled():
        issued = Bill.objects.filter(state=Bill.State.ISSUED).count()
    assert issued == CUSTOMERS, issued
    broken = broken_invariants()
    assert not broken, broken
    detail = {
        "measured": f"membership.tasks.close_due_periods, {CUSTOMERS} customers due: each bill is"
        " issued, the next opened with its fee, credits lapsed and given",
        "cpu_seconds": round(cpu, 1),
        "seconds_to_begin_their_plans": round(begun, 1),
        "memory_before_mib": before,
        "memory_after_mib": _memory_mib(),
    }
    yield Figure("closing_10000_s", round(seconds, 1), "s", detail)


def _run(at: datetime) -> float:
    started = perf_counter()
    failures = close_due_periods(at=at)
    assert not failures, failures
    return perf_counter() - started


def _memory_mib() -> int:
    """The most that this process has held so far."""
    return getrusage(RUSAGE_SELF).ru_maxrss // KIB
