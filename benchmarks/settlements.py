"""What the settlement of a gateway purchase costs in Python."""

from collections.abc import Iterator
from time import process_time

from django.utils.timezone import now

from benchmarks.figures import ROUNDS, Figure, middle, rounded
from benchmarks.rows import make_buyers, settle_down
from benchmarks.waiting import Waiting, make_waiting
from community.management.commands.check_invariants import broken_invariants
from membership.services.settlement import Settled, settle_transaction

SETTLEMENTS = 400  # of one round
WARM_UP = 100


def measure() -> Iterator[Figure]:
    waiting = make_waiting(make_buyers(), WARM_UP + ROUNDS * SETTLEMENTS)
    settle_down()
    _settle(waiting[:WARM_UP])
    cpu = [
        _settle(waiting[first : first + SETTLEMENTS])
        for first in range(WARM_UP, len(waiting), SETTLEMENTS)
    ]
    broken = broken_invariants()
    assert not broken, broken
    detail = {
        "measured": "gateway settlement: membership.services.settlement.settle_transaction",
        "per_round": SETTLEMENTS,
        "rounds_us": rounded(cpu, 0),
        "median_us": round(middle(cpu)),
        "value": "least",
    }
    yield Figure("settlement_cpu_us", round(min(cpu), 0), "us", detail)


def _settle(charges: list[Waiting]) -> float:
    """CPU time of one, in microseconds."""
    started = process_time()
    for charge in charges:
        settled = settle_transaction(
            transaction_id=charge.transaction_id,
            location_id=charge.location_id,
            outcome=charge.paid(),
            at=now(),
        )
        assert settled is Settled.COMPLETED
    return (process_time() - started) / len(charges) * 1_000_000
