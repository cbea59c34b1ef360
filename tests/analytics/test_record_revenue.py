from datetime import UTC, date, datetime
from functools import partial

import pytest
from django.db import transaction
from django_scopes import scope

from analytics.models import RevenueLine, RevenueMonth, Source
from analytics.services import record_revenue
from tests.factories import NOON, LocationFactory
from tests.racing import errors, race


@pytest.fixture
def location(db):
    location = LocationFactory(time_zone="Europe/Berlin")
    with scope(location=location):
        yield location


@transaction.atomic
def record(location, key="sale:1", *, net=1000, at=NOON, source=Source.CREDITS):
    record_revenue(
        location=location,
        source=source,
        method="stripe",
        label="10 credits",
        net_minor=net,
        key=key,
        at=at,
    )


def months():
    found = {}
    for row in RevenueMonth.objects.all():
        net, lines = found.get((row.month, row.source), (0, 0))
        found[row.month, row.source] = (net + row.net_minor, lines + row.lines)
    return found


def test_a_sale_counts_net_in_its_month(location, invariants_hold):
    record(location)

    assert months() == {(date(2026, 11, 1), "credits"): (1000, 1)}
    assert RevenueLine.objects.get().currency == "EUR"
    invariants_hold()


def test_what_is_taken_back_is_subtracted_in_the_month_it_happens(location, invariants_hold):
    record(location)
    record(location, "refund:1", net=-400, at=datetime(2026, 12, 5, tzinfo=UTC))

    assert months() == {
        (date(2026, 11, 1), "credits"): (1000, 1),
        (date(2026, 12, 1), "credits"): (-400, 1),
    }
    invariants_hold()


def test_a_key_counts_once(location, invariants_hold):
    record(location)
    record(location)

    assert months() == {(date(2026, 11, 1), "credits"): (1000, 1)}
    invariants_hold()


def test_sources_are_counted_apart(location):
    record(location)
    record(location, "fee:1", source=Source.PLANS, net=5000)

    assert months() == {
        (date(2026, 11, 1), "credits"): (1000, 1),
        (date(2026, 11, 1), "plans"): (5000, 1),
    }


def test_another_location_may_use_the_same_key(location):
    elsewhere = LocationFactory()
    record(location)

    with scope(location=elsewhere):
        record(elsewhere, net=7)
        assert months() == {(date(2026, 11, 1), "credits"): (7, 1)}


@pytest.mark.parametrize(
    ("zone", "at", "month"),
    [
        # The last and the first moment of a month, in winter and in summer time.
        ("Europe/Berlin", datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), date(2026, 11, 1)),
        ("Europe/Berlin", datetime(2026, 11, 30, 23, 0, tzinfo=UTC), date(2026, 12, 1)),
        ("Europe/Berlin", datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), date(2026, 6, 1)),
        ("Europe/Berlin", datetime(2026, 6, 30, 22, 0, tzinfo=UTC), date(2026, 7, 1)),
        # New year comes early in Tokyo and late in Los Angeles.
        ("Asia/Tokyo", datetime(2026, 12, 31, 15, 0, tzinfo=UTC), date(2027, 1, 1)),
        ("America/Los_Angeles", datetime(2027, 1, 1, 7, 59, tzinfo=UTC), date(2026, 12, 1)),
        # The hour that clocks repeat, in the night of 25 October.
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 1)),
        # Half-hour and quarter-hour zones.
        ("Asia/Kolkata", datetime(2026, 3, 31, 18, 30, tzinfo=UTC), date(2026, 4, 1)),
        ("Asia/Kathmandu", datetime(2026, 3, 31, 18, 14, tzinfo=UTC), date(2026, 3, 1)),
    ],
)
def test_the_month_is_the_location_s(zone, at, month, db, invariants_hold):
    location = LocationFactory(time_zone=zone)

    with scope(location=location):
        record(location, at=at)

        assert list(months()) == [(month, "credits")]
    invariants_hold()


def test_many_sales_are_spread_over_the_slots(location):
    for number in range(60):
        record(location, f"sale:{number}")

    slots = set(RevenueMonth.objects.values_list("slot", flat=True))
    assert slots == set(range(RevenueMonth.SLOTS))
    assert months() == {(date(2026, 11, 1), "credits"): (60_000, 60)}


def test_a_line_that_is_rolled_back_leaves_no_trace(location, invariants_hold):
    with transaction.atomic():
        record(location)
        transaction.set_rollback(True)

    assert months() == {}
    invariants_hold()


def test_revenue_outside_a_transaction_is_a_bug(transactional_db):
    with pytest.raises(AssertionError):
        record.__wrapped__(LocationFactory())


@pytest.mark.django_db(transaction=True)
def test_ten_sales_in_one_slot_at_once_all_count(invariants_hold):
    location = LocationFactory()

    answers = race(location, [partial(record, location, f"sale:{number}") for number in range(10)])

    assert errors(answers) == []
    with scope(location=location):
        assert sum(lines for _, lines in months().values()) == 10
    invariants_hold()
