"""How near a spend comes to what the database can do."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from time import perf_counter
from uuid import uuid4

from django.db import transaction
from django.utils.timezone import now
from django_scopes import scopes_disabled

from benchmarks.figures import ROUNDS, Figure, middle, rounded
from benchmarks.limit import SPEND, buy_by_server, make_limit_of_spending
from benchmarks.rows import Buyer, in_turn, make_buyers, settle_down
from community.management.commands.check_invariants import broken_invariants
from credits.models import Entry
from credits.services.granting import grant_credits
from credits.services.spending import spend_credits

OURS = 400  # spends of one round
THEIRS = 800
WARM_UP = 100
ONE = Decimal(1)
WHAT = {
    "measured": "one credit spent: credits.services.spending.spend_credits, 1 thread",
    "reference": "the same writes by benchmarks/spend.sql through pgbench, prepared, 1 client",
    "spenders": "2000 members of 10 locations in turn, each with one lot",
    "per_round": {"ours": OURS, "reference": THEIRS},
}


def measure() -> Iterator[Figure]:
    buyers = make_buyers()
    with scopes_disabled(), transaction.atomic():
        for buyer in buyers:
            grant_credits(
                customer=buyer.customer,
                credits=Decimal(100),
                reason=Entry.Reason.GIVEN,
                key="bench",
                at=now(),
            )
    make_limit_of_spending()
    settle_down()
    _spend(buyers, count=WARM_UP)
    _by_server(buyers, first=0, count=WARM_UP)
    ours, theirs = [], []
    for number in range(ROUNDS):
        first = number * THEIRS
        if number % 2:
            theirs.append(_by_server(buyers, first=first, count=THEIRS))
        ours.append(_spend(buyers, first=first, count=OURS))
        if not number % 2:
            theirs.append(_by_server(buyers, first=first, count=THEIRS))
    broken = broken_invariants()
    assert not broken, broken
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    per_second = {"ours_per_s": rounded(ours, 0), "reference_per_s": rounded(theirs, 0)}
    detail = WHAT | per_second | {"ratios": rounded(ratios)}
    yield Figure("spend_vs_limit", middle(ratios), "ratio", detail)


def _spend(buyers: list[Buyer], *, first: int = 0, count: int) -> float:
    spenders = list(islice(in_turn(buyers, first=first), count))
    with scopes_disabled():
        started = perf_counter()
        for buyer in spenders:
            spend_credits(
                customer=buyer.customer, credits=ONE, key=uuid4().hex, at=now(), note="Desk"
            )
        return count / (perf_counter() - started)


def _by_server(buyers: list[Buyer], *, first: int, count: int) -> float:
    return buy_by_server(buyers, first=first, count=count, function=SPEND)
