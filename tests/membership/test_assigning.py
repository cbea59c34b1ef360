"""Who has which plan: assigned, changed, ended, withdrawn; what each does to bills and credits."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.models import Bill
from billing.services import open_bill
from community.models import AuditRecord, Member
from credits.models import Wallet
from membership.models import PlanAssignment
from membership.services.assigning import (
    CompanyIsClosed,
    EndsBeforeItStarts,
    MemberIsGone,
    NoPlanToEnd,
    PlanChanged,
    PlanOverlaps,
    PlanWish,
    StartsInThePast,
    When,
    assign_plan,
    change_bill_permission,
    effect_of,
    end_plan,
    replace_plan,
    withdraw_coming_plan,
)
from membership.services.bill_keeping import add_manual_item, remove_item
from membership.services.closing import catch_up
from membership.services.companies import add_company, close_company
from membership.services.leaving import leave_location
from membership.services.plans import PlanIsArchived, archive_plan
from membership.services.stopping import effect_of_stopping
from tests.factories import NOON, AssignmentFactory, PlanFactory

TODAY = date(2026, 11, 22)
MANAGERS = PlanAssignment.BillFor.MANAGERS
EVERYONE = PlanAssignment.BillFor.EVERYONE


@pytest.fixture
def plan(location):
    return PlanFactory(location=location, name="Resident", price_minor=15000, monthly_credits=20)


@pytest.fixture
def flex(location):
    return PlanFactory(location=location, name="Flex", price_minor=3000)


def wish(plan, *, bill=True, bill_for=MANAGERS):
    return PlanWish(plan_id=plan.pk, bill_enabled=bill, bill_for=bill_for)


def assign(customer, plan, *, on=TODAY, until=None, at=NOON, by=None):
    return assign_plan(
        customer=customer, wish=wish(plan), starts_on=on, ends_on=until, by=by, at=at
    )


def bills(customer):
    return [
        (bill.state, bill.period_start, bill.period_end, bill.total_minor)
        for bill in Bill.objects.filter(customer=customer).order_by("pk")
    ]


def balance(customer):
    return Wallet.objects.get(customer=customer).balance


def test_a_plan_from_today_opens_the_bill_with_the_fee_and_grants_its_credits(
    mia, plan, admin, invariants_hold
):
    assign(mia.customer, plan, by=admin)

    assert bills(mia.customer) == [("active", TODAY, date(2026, 12, 22), 18000)]
    assert Bill.objects.get().items.get().description == "Resident, 22 Nov 2026 – 21 Dec 2026"
    assert balance(mia.customer) == 20
    assert AuditRecord.objects.get(action="plan assigned").user == admin
    invariants_hold()


def test_a_plan_from_later_waits_for_its_day(mia, plan):
    assign(mia.customer, plan, on=TODAY + timedelta(days=3))

    catch_up(customer=mia.customer, at=NOON)
    assert bills(mia.customer) == []
    catch_up(customer=mia.customer, at=NOON + timedelta(days=3))
    assert bills(mia.customer) == [("active", date(2026, 11, 25), date(2026, 12, 25), 18000)]


@pytest.mark.parametrize(
    ("on", "until", "refusal"),
    [
        (TODAY - timedelta(days=1), None, StartsInThePast),
        (TODAY, TODAY, EndsBeforeItStarts),
        (TODAY, TODAY - timedelta(days=9), EndsBeforeItStarts),
    ],
)
def test_days_that_make_no_sense_are_refused(mia, plan, on, until, refusal):
    with pytest.raises(refusal):
        assign(mia.customer, plan, on=on, until=until)

    assert not PlanAssignment.objects.exists()


def test_today_is_the_location_s_today(mia, plan, location):
    late = NOON.replace(hour=23, minute=30)  # it is the 23rd in Berlin already

    with pytest.raises(StartsInThePast):
        assign(mia.customer, plan, on=TODAY, at=late)
    assign(mia.customer, plan, on=TODAY + timedelta(days=1), at=late)

    assert len(bills(mia.customer)) == 1


def test_a_customer_has_one_plan_at_a_time(mia, plan, flex):
    assign(mia.customer, plan)

    with pytest.raises(PlanOverlaps):
        assign(mia.customer, flex, on=TODAY + timedelta(days=40))
    with (
        pytest.raises(IntegrityError, match="assignment_one_plan_at_a_time"),
        transaction.atomic(),
    ):
        AssignmentFactory(customer=mia.customer, plan=flex, starts_on=TODAY)


def test_who_can_have_no_plan(location, mia, plan, admin):
    studio = add_company(location=location, name="Studio", manager=None, by=admin, at=NOON)
    close_company(company=studio, by=admin, at=NOON)
    studio.refresh_from_db()
    with pytest.raises(CompanyIsClosed):
        assign(studio.customer, plan)

    mia.state = Member.State.LEFT
    mia.save()
    with pytest.raises(MemberIsGone):
        assign(mia.customer, plan)


def test_an_archived_plan_is_not_assigned_but_kept(mia, plan, admin):
    assign(mia.customer, plan)
    archive_plan(plan_id=plan.pk, by=admin, at=NOON)

    catch_up(customer=mia.customer, at=NOON + timedelta(days=31))

    assert len(bills(mia.customer)) == 2
    with pytest.raises(PlanIsArchived):
        replace_plan(customer=mia.customer, wish=wish(plan), when=When.NOW, by=admin, at=NOON)


def test_a_change_now_issues_the_bill_and_begins_the_other_without_proration(
    mia, plan, flex, invariants_hold
):
    assign(mia.customer, plan)
    later = NOON + timedelta(days=3)
    effect = effect_of(customer=mia.customer, when=When.NOW, at=later)

    replace_plan(customer=mia.customer, wish=wish(flex), when=When.NOW, by=None, at=later)

    assert (effect.issues_a_bill, effect.bill_minor, effect.from_day) == (
        True,
        18000,
        later.date(),
    )
    assert bills(mia.customer) == [
        ("issued", TODAY, date(2026, 12, 22), 18000),
        ("active", date(2026, 11, 25), date(2026, 12, 25), 3600),
    ]
    invariants_hold()


def test_a_bill_from_which_all_was_removed_is_not_said_to_be_issued(mia, admin):
    bill = open_bill(customer=mia.customer, key="by hand", at=NOON)
    item = add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=500, key="1", by=admin, at=NOON
    )
    remove_item(
        bill_id=bill.pk, item_id=item.pk, reason="Wrong", waive_spent=False, by=admin, at=NOON
    )

    assert effect_of_stopping(customer=mia.customer, at=NOON).bill is None


def test_a_change_at_the_next_period_waits_and_begins_with_it(mia, plan, flex, invariants_hold):
    assign(mia.customer, plan)
    effect = effect_of(customer=mia.customer, when=When.NEXT_PERIOD, at=NOON)

    replace_plan(customer=mia.customer, wish=wish(flex), when=When.NEXT_PERIOD, by=None, at=NOON)

    assert (effect.issues_a_bill, effect.from_day) == (False, date(2026, 12, 22))
    assert [state for state, *_ in bills(mia.customer)] == ["active"]
    catch_up(customer=mia.customer, at=NOON + timedelta(days=30))
    assert bills(mia.customer)[1:] == [("active", date(2026, 12, 22), date(2027, 1, 22), 3600)]
    invariants_hold()


def test_a_second_change_takes_the_place_of_the_first(mia, plan, flex):
    third = PlanFactory(location=mia.location, name="Founders")
    assign(mia.customer, plan)
    for following in (flex, third):
        replace_plan(
            customer=mia.customer, wish=wish(following), when=When.NEXT_PERIOD, by=None, at=NOON
        )

    effect = effect_of(customer=mia.customer, when=When.NOW, at=NOON)
    catch_up(customer=mia.customer, at=NOON + timedelta(days=30))

    assert effect.withdrawn == ("Founders",)
    assert PlanAssignment.objects.on(date(2026, 12, 22)).get().plan == third


def test_changed_on_its_first_day_a_plan_leaves_its_fee_and_a_row_without_days(mia, plan, flex):
    first = assign(mia.customer, plan)

    replace_plan(customer=mia.customer, wish=wish(flex), when=When.NOW, by=None, at=NOON)
    replace_plan(customer=mia.customer, wish=wish(plan), when=When.NOW, by=None, at=NOON)

    first.refresh_from_db()
    assert first.never_began
    assert [total for *_, total in bills(mia.customer)] == [18000, 3600, 18000]
    assert catch_up(customer=mia.customer, at=NOON) == 0


def test_an_end_now_issues_the_bill_an_end_later_leaves_it(mia, plan):
    assign(mia.customer, plan)

    assert end_plan(customer=mia.customer, when=When.NEXT_PERIOD, by=None, at=NOON) == date(
        2026, 12, 22
    )
    assert [state for state, *_ in bills(mia.customer)] == ["active"]
    assert end_plan(customer=mia.customer, when=When.NOW, by=None, at=NOON) == TODAY
    assert [state for state, *_ in bills(mia.customer)] == ["issued"]
    with pytest.raises(NoPlanToEnd):
        end_plan(customer=mia.customer, when=When.NOW, by=None, at=NOON)


def test_an_end_that_is_nearer_than_the_period_s_stays(mia, plan):
    assign(mia.customer, plan, until=date(2026, 12, 1))

    assert bills(mia.customer) == [("active", TODAY, date(2026, 12, 1), 18000)]
    assert end_plan(customer=mia.customer, when=When.NEXT_PERIOD, by=None, at=NOON) == date(
        2026, 12, 1
    )


def test_periods_that_are_late_are_billed_before_a_plan_changes(mia, plan, flex, invariants_hold):
    """The beat stood still for two months; then an admin changes the plan."""
    assign(mia.customer, plan)
    late = NOON + timedelta(days=65)  # 26 January

    replace_plan(customer=mia.customer, wish=wish(flex), when=When.NOW, by=None, at=late)

    assert [(start, total) for _, start, _, total in bills(mia.customer)] == [
        (TODAY, 18000),
        (date(2026, 12, 22), 18000),
        (date(2027, 1, 22), 18000),
        (date(2027, 1, 26), 3600),
    ]
    invariants_hold()


def test_a_coming_plan_is_withdrawn_and_the_one_before_it_goes_on(mia, plan, flex, admin):
    first = assign(mia.customer, plan)
    coming = replace_plan(
        customer=mia.customer, wish=wish(flex), when=When.NEXT_PERIOD, by=None, at=NOON
    )

    withdraw_coming_plan(assignment_id=coming.pk, by=admin, at=NOON)

    first.refresh_from_db()
    assert first.ends_on is None
    catch_up(customer=mia.customer, at=NOON + timedelta(days=30))
    assert [total for *_, total in bills(mia.customer)] == [18000, 18000]
    with pytest.raises(PlanChanged):
        withdraw_coming_plan(assignment_id=coming.pk, by=admin, at=NOON)
    with pytest.raises(PlanChanged):
        withdraw_coming_plan(assignment_id=first.pk, by=admin, at=NOON)


def test_an_end_in_the_middle_of_a_period_outlives_what_was_to_follow(mia, plan, flex):
    """Its bill is cut short by it, so that the rest of the period has no fee to go on with."""
    first = assign(mia.customer, plan, until=date(2026, 12, 1))
    coming = assign(mia.customer, flex, on=date(2026, 12, 1))

    withdraw_coming_plan(assignment_id=coming.pk, by=None, at=NOON)

    first.refresh_from_db()
    assert first.ends_on == date(2026, 12, 1)


def test_the_bill_of_a_running_plan_is_opened_and_closed_with_a_record(mia, plan, admin):
    running = assign(mia.customer, plan)

    for _ in range(2):
        change_bill_permission(
            assignment_id=running.pk, bill_enabled=False, bill_for=EVERYONE, by=admin, at=NOON
        )

    running.refresh_from_db()
    assert (running.bill_enabled, running.bill_for) == (False, EVERYONE)
    [record] = AuditRecord.objects.filter(action="bill permission changed")
    assert (record.before["bill_enabled"], record.after["bill_enabled"]) == (True, False)
    end_plan(customer=mia.customer, when=When.NOW, by=None, at=NOON)
    with pytest.raises(PlanChanged):
        change_bill_permission(
            assignment_id=running.pk, bill_enabled=True, bill_for=MANAGERS, by=admin, at=NOON
        )


def test_who_leaves_has_no_plan_and_no_open_bill_any_more(mia, plan, invariants_hold):
    assign(mia.customer, plan)

    leave_location(member=mia, at=NOON)

    assert [state for state, *_ in bills(mia.customer)] == ["issued"]
    assert catch_up(customer=mia.customer, at=NOON + timedelta(days=60)) == 0
    invariants_hold()


def test_a_closed_company_s_coming_plan_never_begins(location, plan, admin):
    studio = add_company(location=location, name="Studio", manager=None, by=admin, at=NOON)
    assign(studio.customer, plan, on=TODAY + timedelta(days=5))

    close_company(company=studio, by=admin, at=NOON)
    catch_up(customer=studio.customer, at=NOON + timedelta(days=60))

    assert bills(studio.customer) == []
