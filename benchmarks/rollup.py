"""What the sums of revenue by month cost the purchases of one busy location."""

from collections.abc import Iterator

from benchmarks.figures import ROUNDS, Figure, middle, rounded
from benchmarks.limit import (
    WITHOUT_ROLLUP,
    buy_by_server,
    make_limit,
    make_limit_without_rollup,
)
from benchmarks.rows import make_buyers, settle_down

CLIENTS = 8
EACH = 250  # purchases of each client in a round
MEMBERS = 800
FUNCTIONS = ("bench_buy", WITHOUT_ROLLUP)


def measure() -> Iterator[Figure]:
    buyers = make_buyers(locations=1, members=MEMBERS)
    make_limit()
    make_limit_without_rollup()
    settle_down()
    rates: dict[str, list[float]] = {name: [] for name in FUNCTIONS}
    for number in range(ROUNDS):
        for name in FUNCTIONS if number % 2 else reversed(FUNCTIONS):
            first = number * EACH * CLIENTS
            rate = buy_by_server(buyers, first=first, count=EACH, clients=CLIENTS, function=name)
            rates[name].append(rate)
    with_rollup, without = (rates[name] for name in FUNCTIONS)
    ratios = [ours / bare for ours, bare in zip(with_rollup, without, strict=True)]
    yield Figure(
        "rollup_cost",
        middle(ratios),
        "ratio",
        {
            "measured": "purchases per second of benchmarks/limit.sql with the rollup / without,"
            f" {CLIENTS} pgbench clients, {MEMBERS} members of one location in turn",
            "purchases_per_round": EACH * CLIENTS,
            "with_per_s": rounded(with_rollup, 0),
            "without_per_s": rounded(without, 0),
            "ratios": rounded(ratios),
        },
    )
