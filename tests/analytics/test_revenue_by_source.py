from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django_scopes import scope

from analytics.models import RevenueMonth, Source
from analytics.selectors import revenue_by_source
from analytics.services import record_revenue
from credits.models import Entry
from credits.selectors import Deferred, credits_without_sale, deferred_revenue
from credits.services.granting import grant_credits
from credits.services.spending import spend_credits
from tests.factories import NOON, CustomerFactory, LocationFactory

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def location():
    location = LocationFactory(time_zone="Europe/Berlin")
    with scope(location=location):
        yield location


@transaction.atomic
def record(location, net, at=NOON, *, source=Source.CREDITS, method="stripe", label="10 credits"):
    record.number = getattr(record, "number", 0) + 1
    record_revenue(
        location=location,
        source=source,
        method=method,
        label=label,
        net_minor=net,
        key=f"sale:{record.number}",
        at=at,
    )


def read(location, first=OCTOBER, last=NOVEMBER, **narrowed):
    return revenue_by_source(location_id=location.pk, first=first, last=last, **narrowed)


def sums(parts):
    return {part.name: part.months for part in parts}


def test_each_month_has_its_sources_and_the_same_month_a_year_before(location):
    record(location, 1000)
    record(location, -300)
    record(location, 5000, source=Source.PLANS, method="bill", label="Flex")
    record(location, 70, NOON.replace(month=10), source=Source.OTHER, label="Locker")
    record(location, 999, NOON.replace(year=2025))
    record(location, 1, NOON.replace(month=9))
    with scope(location=(elsewhere := LocationFactory())):
        record(elsewhere, 40_000)

    found = read(location)

    assert sums(found.sources) == {"credits": (0, 700), "plans": (0, 5000), "other": (70, 0)}
    assert (found.totals, found.before, found.lines) == ((70, 5700), (0, 999), 4)


def test_a_method_or_an_option_is_cut_out_and_still_compared_with_the_others(location):
    record(location, 1000)
    record(location, 400, method="bill", label="5 credits")
    record(location, 30, source=Source.OTHER, method="bill", label="10 credits")

    by_bill = read(location, method="bill")
    tens = read(location, option="10 credits")

    assert (by_bill.totals, tens.totals) == ((0, 430), (0, 1000))
    assert sums(by_bill.methods) == {"stripe": (0, 1000), "bill": (0, 430)}
    assert sums(by_bill.options) == {"5 credits": (0, 400)}
    assert sums(tens.options) == {"10 credits": (0, 1000), "5 credits": (0, 400)}
    assert sums(tens.methods) == {"stripe": (0, 1000)}


def test_what_is_read_does_not_depend_on_how_many_lines_there_are(
    location, django_assert_num_queries
):
    record(location, 1000)
    with django_assert_num_queries(1):
        read(location)
    for _ in range(20):
        record(location, 1000)
    with django_assert_num_queries(1):
        assert read(location).totals == (0, 21_000)


def test_deferred_is_the_net_price_of_what_is_left(location):
    customer = CustomerFactory(member__location=location)
    about = {"customer": customer, "at": NOON}
    for number, paid in enumerate((1000, 2500, 0)):
        reason = Entry.Reason.PURCHASE if paid else Entry.Reason.GIVEN
        grant_credits(
            credits=Decimal(10), reason=reason, key=f"lot:{number}", paid_minor=paid, **about
        )
    spend_credits(credits=Decimal("13.33"), key="desk", **about)

    # All of the first lot and a third of the second are gone; what was given is worth nothing.
    left = Deferred(credits=Decimal("6.67"), net_minor=1668)
    assert deferred_revenue(location_id=location.pk) == left
    elsewhere = LocationFactory()
    with scope(location=elsewhere):
        assert deferred_revenue(location_id=elsewhere.pk) == Deferred(Decimal(0), 0)


def test_credits_that_cost_nothing_are_listed_by_how_they_came(location):
    customer = CustomerFactory(member__location=location)
    for reason, at in (
        (Entry.Reason.GIVEN, NOON),
        (Entry.Reason.GIVEN, NOON.replace(month=10)),
        (Entry.Reason.IMPORTED, NOON),
        (Entry.Reason.PURCHASE, NOON),
    ):
        grant_credits(
            customer=customer, credits=Decimal(2), reason=reason, key=f"{reason}{at}", at=at
        )

    november = credits_without_sale(
        location_id=location.pk,
        from_=datetime(2026, 11, 1, tzinfo=UTC),
        until=datetime(2026, 12, 1, tzinfo=UTC),
    )

    assert november == {"given": Decimal(2), "imported": Decimal(2)}


def rebuild(*slugs):
    output = StringIO()
    call_command("rebuild_rollup", *slugs, stdout=output)
    return output.getvalue()


def damage():
    """What a bad restore may leave: wrong sums, months too many, months that are gone."""
    RevenueMonth.objects.filter(month=NOVEMBER).update(net_minor=7)
    RevenueMonth.objects.filter(month=OCTOBER).update(month=date(2019, 1, 1))


def test_a_damaged_rollup_is_rebuilt_month_by_month(location, invariants_hold):
    record(location, 1000)
    record(location, 400, method="bill", label="5 credits")
    record(location, 70, NOON.replace(month=10), source=Source.OTHER, label="Locker")
    before = read(location)
    damage()
    assert read(location) != before

    assert rebuild() == f"{location.slug}: 3 months\n"

    assert read(location) == before
    invariants_hold()


def test_only_the_named_locations_are_rebuilt(location):
    record(location, 1000)
    RevenueMonth.objects.update(net_minor=7)

    rebuild(LocationFactory().slug)
    assert read(location).totals == (0, 7)
    with pytest.raises(CommandError, match="There is no location nowhere"):
        rebuild(location.slug, "nowhere")
    rebuild(location.slug)
    assert read(location).totals == (0, 1000)


def test_a_rebuild_draws_a_bar_where_somebody_looks_on(location):
    class Terminal(StringIO):
        def isatty(self):
            return True

    record(location, 1000)
    screen = Terminal()
    call_command("rebuild_rollup", stdout=StringIO(), stderr=screen)

    assert f"{'░' * 30} 0/1 {location.slug}" in screen.getvalue()
    assert screen.getvalue().endswith(f"{'█' * 30} 1/1 {location.slug}\n")
