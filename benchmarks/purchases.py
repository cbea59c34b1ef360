"""How near a purchase comes to what the database can do, and what it costs in Python."""

from collections.abc import Iterator
from time import perf_counter, process_time

from django.utils.timezone import now

from benchmarks.figures import ROUNDS, Figure, middle, rounded
from benchmarks.limit import make_limit, settle_by_server
from benchmarks.rows import make_buyers, make_waiting, settle_down
from benchmarks.waiting import Waiting
from community.management.commands.check_invariants import broken_invariants
from membership.services.settlement import Settled, settle_transaction

OURS = 400  # settlements of one round
THEIRS = 800
WARM_UP = 100
WHAT = {
    "measured": "gateway settlement: membership.services.settlement.settle_transaction",
    "reference": "benchmarks/limit.sql by pgbench, prepared, 1 client",
    "per_round": {"ours": OURS, "reference": THEIRS},
}


def measure() -> Iterator[Figure]:
    waiting = make_waiting(make_buyers(), WARM_UP * 2 + ROUNDS * (OURS + THEIRS))
    make_limit()
    settle_down()
    _settle(_take(waiting, WARM_UP))
    settle_by_server(first=_take(waiting, WARM_UP)[0].transaction_id, count=WARM_UP)
    ours, theirs, cpu = _rounds(waiting)
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


def _rounds(waiting: list[Waiting]) -> tuple[list[float], list[float], list[float]]:
    """Settlements per second of ours and of the reference, and our CPU time of one (us)."""
    ours, theirs, cpu = [], [], []
    for number in range(ROUNDS):
        own, others = _take(waiting, OURS), _take(waiting, THEIRS)
        first = others[0].transaction_id
        if number % 2:
            theirs.append(settle_by_server(first=first, count=THEIRS))
        per_second, microseconds = _settle(own)
        ours.append(per_second)
        cpu.append(microseconds)
        if not number % 2:
            theirs.append(settle_by_server(first=first, count=THEIRS))
    return ours, theirs, cpu


def _take(waiting: list[Waiting], count: int) -> list[Waiting]:
    taken = waiting[:count]
    del waiting[:count]
    return taken


def _settle(charges: list[Waiting]) -> tuple[float, float]:
    started, started_cpu = perf_counter(), process_time()
    for charge in charges:
        settled = settle_transaction(
            transaction_id=charge.transaction_id,
            location_id=charge.location_id,
            outcome=charge.paid(),
            at=now(),
        )
        assert settled is Settled.COMPLETED
    cpu, seconds = process_time() - started_cpu, perf_counter() - started
    return len(charges) / seconds, cpu / len(charges) * 1_000_000
