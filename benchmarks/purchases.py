"""How near a purchase on the bill comes to what the database can do, and what it costs us."""

from collections.abc import Iterator
from itertools import islice
from time import perf_counter, process_time

from django.utils.timezone import now

from benchmarks.figures import ROUNDS, Figure, middle, rounded
from benchmarks.limit import buy_by_server, make_limit
from benchmarks.rows import Buyer, in_turn, make_buyers, settle_down
from community.management.commands.check_invariants import broken_invariants
from membership.services.instant import buy_on_bill

OURS = 400  # purchases of one round
THEIRS = 800
WARM_UP = 100
WHAT = {
    "measured": "purchase on the bill: membership.services.instant.buy_on_bill, 1 thread",
    "reference": "the same writes by benchmarks/limit.sql through pgbench, prepared, 1 client",
    "buyers": "2000 members of 10 locations in turn, each with a plan (25 % off) and a bill",
    "per_round": {"ours": OURS, "reference": THEIRS},
}


def measure() -> Iterator[Figure]:
    buyers = make_buyers()
    make_limit()
    settle_down()
    _buy(buyers, count=WARM_UP)
    buy_by_server(buyers, first=0, count=WARM_UP)
    ours, theirs, cpu = _rounds(buyers)
    broken = broken_invariants()
    assert not broken, broken
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    yield Figure(
        "purchase_vs_limit",
        middle(ratios),
        "ratio",
        WHAT
        | {
            "ours_per_s": rounded(ours, 0),
            "reference_per_s": rounded(theirs, 0),
            "ratios": rounded(ratios),
        },
    )
    detail = WHAT | {
        "rounds_us": rounded(cpu, 0),
        "median_us": round(middle(cpu)),
        "value": "least",
    }
    yield Figure("purchase_cpu_us", round(min(cpu), 0), "us", detail)


def _rounds(buyers: list[Buyer]) -> tuple[list[float], list[float], list[float]]:
    """Purchases per second of ours and of the reference, and our CPU time of one (us)."""
    ours, theirs, cpu = [], [], []
    for number in range(ROUNDS):
        first = number * THEIRS
        if number % 2:
            theirs.append(buy_by_server(buyers, first=first, count=THEIRS))
        per_second, microseconds = _buy(buyers, first=first, count=OURS)
        ours.append(per_second)
        cpu.append(microseconds)
        if not number % 2:
            theirs.append(buy_by_server(buyers, first=first, count=THEIRS))
    return ours, theirs, cpu


def _buy(buyers: list[Buyer], *, first: int = 0, count: int) -> tuple[float, float]:
    orders = [buyer.order() for buyer in islice(in_turn(buyers, first=first), count)]
    started, started_cpu = perf_counter(), process_time()
    for order in orders:
        bought = buy_on_bill(order=order, at=now())
        assert bought.state == "completed"
    cpu, seconds = process_time() - started_cpu, perf_counter() - started
    return len(orders) / seconds, cpu / len(orders) * 1_000_000
