"""Periods begin and close: by the calendar of the location, once each, however late."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from django.core.management import CommandError, call_command
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Bill, BillItem
from billing.services import issue_bill, open_bill
from credits.models import Entry, Lot
from membership import tasks
from membership.management.commands import close_periods as command
from membership.models import PlanAssignment
from membership.services.assigning import PlanWish, assign_plan
from membership.services.buyers import Order, look_at_buyer, plan_terms
from membership.services.closing import (
    catch_up,
    close_period,
    customers_due,
    start_assignment,
)
from membership.services.instant import buy_on_bill
from membership.services.periods import local_day, midnight, period_on
from membership.services.quotes import quote_option
from notifications.models import Notification
from tests.factories import (
    NOON,
    AssignmentFactory,
    CustomerFactory,
    LocationFactory,
    OptionFactory,
    PlanFactory,
    company_of,
)

days = st.dates(date(2000, 1, 1), date(2060, 1, 1))


@given(days, st.integers(0, 4000))
def test_each_day_of_a_plan_is_in_one_period(start, later):
    day = start + timedelta(days=later)

    period = period_on(day, starts_on=start)

    assert period.start <= day < period.end
    assert period_on(period.end, starts_on=start).start == period.end
    assert period_on(period.last_day, starts_on=start) == period


@given(days, st.integers(0, 130))
def test_the_nth_period_begins_n_months_on_at_the_same_day_or_the_month_s_last(start, months):
    begins = period_on(start + relativedelta(months=months), starts_on=start).start

    assert (begins.year * 12 + begins.month) - (start.year * 12 + start.month) == months
    last = (begins.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert begins.day == min(start.day, last.day)


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        ("2027-01-31", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-30", ["2028-02-29", "2028-03-30", "2028-04-30"]),  # a leap year
        ("2028-02-29", ["2028-03-29", "2028-04-29"]),
    ],
)
def test_short_months_clamp_but_shift_nothing_after_them(mia, location, start, begins):
    first = date.fromisoformat(start)
    at = midnight(location, first)
    assign(mia.customer, PlanFactory(location=location), on=first, at=at)

    for begin in begins:
        day = date.fromisoformat(begin)
        assert catch_up(customer=mia.customer, at=midnight(location, day) - timedelta(hours=1)) == 0
        assert catch_up(customer=mia.customer, at=midnight(location, day)) == 1

    assert [str(bill.period_start) for bill in Bill.objects.order_by("pk")] == [start, *begins]


ZONES = ["Pacific/Kiritimati", "Europe/Berlin", "Pacific/Niue"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_period_is_over_at_the_location_s_midnight(db, zone):
    location = LocationFactory(time_zone=zone)
    with scope(location=location):
        customer = CustomerFactory(member__location=location)
        assign(customer, PlanFactory(location=location), on=local_day(location, NOON))
        ends = Bill.objects.get().period_end
        over = datetime(ends.year, ends.month, ends.day, tzinfo=ZoneInfo(zone))

        assert customers_due(at=over - timedelta(seconds=1)) == []
        assert customers_due(at=over) == [(location.pk, customer.pk)]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2027, 3, 28)),  # an hour is missing
        ("Europe/Berlin", date(2027, 10, 31)),  # an hour comes twice
        ("America/Havana", date(2027, 3, 14)),  # midnight itself is missing
    ],
)
def test_when_clocks_change_a_period_closes_at_the_first_moment_of_its_day(db, zone, day):
    location = LocationFactory(time_zone=zone)
    with scope(location=location):
        customer = CustomerFactory(member__location=location)
        before = day - relativedelta(months=2)
        plan = PlanFactory(location=location, monthly_credits=5)
        assign(customer, plan, on=before, at=midnight(location, before))
        first = midnight(location, day).astimezone(UTC)

        assert first.astimezone(location.zone).date() == day
        assert (first - timedelta(seconds=1)).astimezone(location.zone).date() < day
        assert catch_up(customer=customer, at=first - timedelta(seconds=1)) == 1
        assert catch_up(customer=customer, at=first) == 1
        assert Lot.objects.order_by("pk")[1].lapses_at == first


def assign(customer, plan, *, on, until=None, at=NOON, bill=True):
    wish = PlanWish(plan_id=plan.pk, bill_enabled=bill, bill_for=PlanAssignment.BillFor.EVERYONE)
    return assign_plan(customer=customer, wish=wish, starts_on=on, ends_on=until, by=None, at=at)


TODAY = NOON.date()


@pytest.fixture
def plan(location):
    return PlanFactory(location=location, name="Resident", price_minor=15000, monthly_credits=20)


def test_closing_issues_the_bill_and_opens_the_next_with_fee_and_credits(
    mia, plan, invariants_hold
):
    assign(mia.customer, plan, on=TODAY)
    at = NOON + timedelta(days=30)

    following = close_period(bill_id=Bill.objects.get().pk, at=at)

    issued, active = Bill.objects.order_by("pk")
    assert (issued.state, issued.sequence, issued.issued_at) == ("issued", 1, at)
    assert issued.buyer["name"] == "Mia Holm"
    assert (active.pk, active.state, active.total_minor) == (following.pk, "active", 18000)
    assert Entry.objects.filter(reason="plan").count() == 2
    invariants_hold()


def test_closed_twice_or_early_nothing_happens(mia, plan):
    assign(mia.customer, plan, on=TODAY)
    bill = Bill.objects.get()

    assert close_period(bill_id=bill.pk, at=NOON + timedelta(days=29)) is None
    at = NOON + timedelta(days=30)
    assert close_period(bill_id=bill.pk, at=at)
    assert close_period(bill_id=bill.pk, at=at) is None
    assert Bill.objects.count() == 2


def test_late_by_several_periods_each_is_billed_once(mia, plan, invariants_hold):
    assign(mia.customer, plan, on=TODAY)
    late = NOON + timedelta(days=100)

    assert catch_up(customer=mia.customer, at=late) == 3
    assert catch_up(customer=mia.customer, at=late) == 0

    assert [bill.state for bill in Bill.objects.order_by("pk")] == [*["issued"] * 3, "active"]
    assert BillItem.objects.values("key").distinct().count() == 4
    invariants_hold()


def test_a_plan_that_came_and_went_while_nobody_looked_is_billed_after_the_fact(mia, plan):
    begins, ends = TODAY + timedelta(days=5), TODAY + timedelta(days=45)
    assign(mia.customer, plan, on=begins, until=ends)

    assert catch_up(customer=mia.customer, at=NOON + timedelta(days=200)) == 3

    spans = Bill.objects.order_by("pk").values_list("period_start", "period_end", "state")
    assert list(spans) == [
        (begins, date(2026, 12, 27), "issued"),
        (date(2026, 12, 27), ends, "issued"),
    ]


def test_a_plan_s_last_day_in_the_middle_of_a_period_cuts_it_short(mia, plan):
    last = TODAY + timedelta(days=40)
    assign(mia.customer, plan, on=TODAY, until=last + timedelta(days=1))

    catch_up(customer=mia.customer, at=NOON + timedelta(days=40))
    bill = Bill.objects.active().get()
    assert bill.items.get().description.endswith("– 1 Jan 2027")
    catch_up(customer=mia.customer, at=NOON + timedelta(days=41))

    assert not Bill.objects.active().exists()


def test_a_plan_after_a_gap_begins_on_its_own_day(mia, plan):
    assign(mia.customer, plan, on=TODAY, until=TODAY + timedelta(days=10))
    second = TODAY + timedelta(days=20)
    assign(mia.customer, plan, on=second)

    catch_up(customer=mia.customer, at=NOON + timedelta(days=90))

    starts = list(Bill.objects.order_by("pk").values_list("period_start", flat=True))
    assert starts[:3] == [TODAY, second, second + relativedelta(months=1)]


def test_a_plan_without_a_price_issues_nothing_and_goes_on(location, mia, invariants_hold):
    free = PlanFactory(location=location, price_minor=0)
    assign(mia.customer, free, on=TODAY)

    catch_up(customer=mia.customer, at=NOON + timedelta(days=65))

    states = list(Bill.objects.order_by("pk").values_list("state", "sequence"))
    assert states == [("void", None), ("void", None), ("active", None)]
    invariants_hold()


def test_a_bill_opened_by_hand_is_not_closed_by_time_and_makes_room_for_a_plan(mia, plan):
    open_bill(customer=mia.customer, key="by hand", at=NOON)
    assign(mia.customer, plan, on=TODAY + timedelta(days=3))

    assert customers_due(at=NOON + timedelta(days=2)) == []
    catch_up(customer=mia.customer, at=NOON + timedelta(days=3))

    assert list(Bill.objects.order_by("pk").values_list("state", flat=True)) == ["void", "active"]


def test_a_bill_that_an_admin_issued_early_is_not_opened_again_before_the_next_period(mia, plan):
    running = assign(mia.customer, plan, on=TODAY)
    issue_bill(bill_id=Bill.objects.get().pk, at=NOON)

    assert customers_due(at=NOON + timedelta(days=29)) == []
    assert start_assignment(assignment_id=running.pk, at=NOON + timedelta(days=29)) is None
    catch_up(customer=mia.customer, at=NOON + timedelta(days=30))

    assert Bill.objects.active().get().period_start == date(2026, 12, 22)


def order_of(member, option, *, at, key):
    facts = look_at_buyer(
        member_id=member.pk, location_id=member.location_id, company_id=None, at=at
    )
    quote = quote_option(option, member.location, plan_terms(facts))
    return Order(member=member, company_id=None, seen=quote, key=key)


def test_a_purchase_after_the_period_s_end_is_on_the_bill_of_its_own(location, mia, plan):
    assign(mia.customer, plan, on=TODAY)
    option = OptionFactory(location=location)
    late = NOON + timedelta(days=100)  # and the beat stood still for three periods

    order = order_of(mia, option, at=late, key=UUID(int=1))
    bought = buy_on_bill(order=order, at=late)

    bill = bought.bill_item.bill
    assert bill.period_start <= late.date() < bill.period_end
    assert bill.state == "active"


def test_one_customer_s_failure_is_counted_and_stops_nobody_else(location, mia, plan, monkeypatch):
    other = CustomerFactory(member__location=location)
    for customer in (mia.customer, other):
        assign(customer, plan, on=TODAY)
    real = tasks.catch_up

    def breaks(*, customer, at):
        assert customer != mia.customer, "broken"
        return real(customer=customer, at=at)

    monkeypatch.setattr(tasks, "catch_up", breaks)
    at = NOON + timedelta(days=30)

    monkeypatch.setattr(tasks, "now", lambda: at)
    with pytest.raises(tasks.PeriodsNotClosed, match="1"):
        tasks.close_periods()
    monkeypatch.undo()
    assert Bill.objects.filter(customer=mia.customer).count() == 1
    assert Bill.objects.filter(customer=other).count() == 2
    assert tasks.close_due_periods(at=at) == 0
    assert Bill.objects.filter(customer=mia.customer).count() == 2


def test_the_command_says_how_far_it_is_and_fails_when_one_did(location, plan, monkeypatch):
    for _ in range(3):
        AssignmentFactory(customer__member__location=location, plan=plan, starts_on=TODAY)
    monkeypatch.setattr(command, "EVERY", 2)
    monkeypatch.setattr(command, "now", lambda: NOON)
    said = StringIO()

    call_command("close_periods", stdout=said)

    assert said.getvalue().splitlines() == [
        "2 of 3 customers",
        "3 of 3 customers",
        "3 customers are up to date.",
    ]
    later = NOON + timedelta(days=40)
    monkeypatch.setattr(command, "now", lambda: later)
    monkeypatch.setattr(tasks, "catch_up", lambda **_: 1 / 0)
    with pytest.raises(CommandError, match="3 customers could not be closed"):
        call_command("close_periods", stdout=StringIO())


def test_who_is_told_of_plan_credits_reads_whose_they_are(location, mia):
    company = company_of(mia, name="Studio North")
    assign(company.customer, PlanFactory(location=location, monthly_credits=20), on=TODAY)

    told = Notification.objects.get(kind="plan_credits").facts
    assert (told["company"], told["company_id"]) == ("Studio North", company.pk)


def test_what_is_due_is_found_in_two_queries(location, plan, django_assert_num_queries):
    for _ in range(4):
        AssignmentFactory(customer__member__location=location, plan=plan, starts_on=TODAY)

    with django_assert_num_queries(2):
        assert len(customers_due(at=NOON)) == 4
