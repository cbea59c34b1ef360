from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.transaction import atomic

from billing.models import Bill
from community.models import AuditRecord, Company, CompanyMember, Customer
from credits.models import Wallet
from membership.models import Plan, PlanAssignment
from membership.services.assigning import CompanyIsClosed, PlanWish, assign_plan
from membership.services.companies import (
    CompanyNameTaken,
    CompanyNotClosed,
    CompanyNotOpen,
    InCompanyAlready,
    KeepsAManager,
    NoLongerManager,
    NotActiveHere,
    NotInThisCompany,
    add_company,
    change_company_role,
    close_company,
    put_in_company,
    remove_from_company,
    rename_company,
    reopen_company,
)
from membership.services.company_closing import effect_of_closing
from membership.services.joining import admit_member, suspend_member
from membership.services.leaving import leave_location, remove_member
from payments.models import Card
from tests.factories import NOON, CardFactory, ConnectionFactory, CustomerFactory, company_of
from tests.racing import errors, race

MANAGER, MEMBER = CompanyMember.Role.MANAGER, CompanyMember.Role.MEMBER


@pytest.fixture
def theo(location):
    return CustomerFactory(member__location=location, member__user__name="Theo Night").member


@pytest.fixture
def studio(mia):
    """Mia manages it."""
    return company_of(mia, name="Studio North")


@pytest.fixture
def plan(location):
    return Plan.objects.create(
        location=location, name="Resident", price_minor=20000, created_at=NOON
    )


def place_of(member):
    return CompanyMember.objects.get(member=member)


def put(company, member, role=MEMBER, **more):
    return put_in_company(company=company, member=member, role=role, by=None, at=NOON, **more)


def remove(place, **more):
    remove_from_company(place=place, **{"by": None, "at": NOON, **more})


def change(place, role, **more):
    change_company_role(place=place, role=role, **{"by": None, "at": NOON, **more})


def assign(company, plan, starts_on):
    customer = Customer.objects.select_related("location", "company").get(company=company)
    wish = PlanWish(plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor.MANAGERS)
    return assign_plan(
        customer=customer, wish=wish, starts_on=starts_on, ends_on=None, by=None, at=NOON
    )


def test_a_company_has_its_customer_and_its_first_manager(studio, mia):
    assert studio.customer.name == "Studio North"
    place = place_of(mia)
    assert (place.role, place.may_use_card, place.may_use_bill) == (MANAGER, False, False)
    assert mia.user.notifications.get().kind == "company_joined"
    assert list(AuditRecord.objects.order_by("pk").values_list("action", flat=True)) == [
        "company added",
        "company member added",
    ]


def test_a_name_is_once_at_a_location_whatever_its_case(location, studio, mia):
    with pytest.raises(CompanyNameTaken):
        add_company(location=location, name="STUDIO north", manager=None, by=None, at=NOON)
    other = company_of(mia, name="Tideline")
    with pytest.raises(CompanyNameTaken):
        rename_company(company=other, name="studio north", by=None, at=NOON)
    with pytest.raises(IntegrityError), atomic():
        Company.objects.filter(pk=other.pk).update(name="Studio NORTH")

    assert rename_company(company=studio, name="Studio NORTH", by=None, at=NOON).name


@pytest.mark.parametrize("state", ["invited", "suspended", "left"])
def test_only_active_members_are_put_in(studio, theo, state):
    theo.state = state
    theo.save()

    with pytest.raises(NotActiveHere):
        put(studio, theo)
    with pytest.raises(NotActiveHere), atomic():
        company_of(theo, name="Other")

    assert not Company.objects.filter(name="Other").exists()


def test_nobody_is_put_in_twice(studio, theo):
    put(studio, theo)

    with pytest.raises(InCompanyAlready):
        put(studio, theo, MANAGER)

    assert place_of(theo).role == MEMBER


def test_the_last_manager_neither_goes_nor_steps_down(studio, mia, theo):
    put(studio, theo)
    last = place_of(mia)

    for refused in (
        lambda: remove(last),
        lambda: change(last, MEMBER),
        lambda: leave_location(member=mia, at=NOON),
        lambda: remove_member(member=mia, by=None, reason="x", at=NOON),
    ):
        with pytest.raises(KeepsAManager, match="Studio North would be left"):
            refused()

    mia.refresh_from_db()
    assert (place_of(mia).role, mia.state) == (MANAGER, "active")


def test_with_another_manager_the_first_may_go(studio, mia, theo):
    change(put(studio, theo), MANAGER)

    leave_location(member=mia, at=NOON)

    assert [place.member for place in CompanyMember.objects.all()] == [theo]
    assert "company_left" in mia.user.notifications.values_list("kind", flat=True)


def test_who_returns_to_the_location_is_not_in_the_company_again(location, studio, mia, theo):
    put(studio, theo)
    leave_location(member=theo, at=NOON)

    admit_member(location=location, user=theo.user, by=None, at=NOON)

    assert not CompanyMember.objects.filter(member=theo).exists()


@pytest.mark.django_db(transaction=True)
def test_of_a_closed_company_the_last_manager_may_leave(studio, mia):
    close_company(company=studio, by=None, at=NOON)

    leave_location(member=mia, at=NOON)

    assert not CompanyMember.objects.exists()
    assert reopen_company(company=studio, by=None, at=NOON).is_open


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE community_companymember SET role = 'member' WHERE id = %s",
        "DELETE FROM community_companymember WHERE id = %s",
    ],
)
def test_the_database_keeps_a_manager_too(studio, mia, sql):
    with (
        pytest.raises(IntegrityError, match="company_keeps_a_manager"),
        transaction.atomic(),
        transaction.get_connection().cursor() as cursor,
    ):
        cursor.execute(sql, [place_of(mia).pk])

    assert place_of(mia).role == MANAGER


@pytest.mark.django_db(transaction=True)
def test_the_database_lets_managers_change_places_in_one_transaction(studio, mia, theo):
    other = put(studio, theo)

    with transaction.atomic():
        CompanyMember.objects.filter(member=mia).update(role=MEMBER)
        CompanyMember.objects.filter(pk=other.pk).update(role=MANAGER)

    assert place_of(theo).role == MANAGER


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_remove_each_other_one_stays(location, studio, mia, theo):
    first, second = place_of(mia), put(studio, theo, MANAGER)

    answers = race(
        location,
        [
            lambda: remove(first, by=theo.user, as_manager=True),
            lambda: remove(second, by=mia.user, as_manager=True),
        ],
    )

    assert [type(error) for error in errors(answers)] == [NoLongerManager]
    assert CompanyMember.objects.get().role == MANAGER


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_leave_at_once_leave_one_behind(location, studio, mia, theo):
    put(studio, theo, MANAGER)

    answers = race(
        location,
        [lambda: leave_location(member=mia, at=NOON), lambda: leave_location(member=theo, at=NOON)],
    )

    assert [type(error) for error in errors(answers)] == [KeepsAManager]
    assert CompanyMember.objects.managers().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_on_remove_take_out_once(location, studio, theo):
    place = put(studio, theo)

    answers = race(location, [lambda: remove(place)] * 2)

    assert [type(error) for error in errors(answers)] == [NotInThisCompany]


def test_a_manager_of_before_changes_nothing(studio, mia, theo):
    place = put(studio, theo, MANAGER)
    change(place, MEMBER)

    with pytest.raises(NoLongerManager):
        remove(place_of(mia), by=theo.user, as_manager=True)
    with pytest.raises(NoLongerManager):
        change(place, MANAGER, by=theo.user, as_manager=True)


def test_a_suspended_manager_changes_nothing(studio, mia, theo):
    place = put(studio, theo)
    suspend_member(member=mia, by=None, reason="x", at=NOON)

    with pytest.raises(NoLongerManager):
        remove(place, by=mia.user, as_manager=True)

    assert place_of(mia).role == MANAGER


def test_closing_issues_ends_and_lets_go(location, studio, mia, plan, add_credits):
    add_credits(studio, "40")
    assign(studio, plan, date(2026, 11, 22))
    CardFactory(customer=studio.customer, connection=ConnectionFactory(location=location))
    customer = Customer.objects.select_related("location").get(company=studio)
    effect = effect_of_closing(customer=customer, at=NOON)

    closed = close_company(company=studio, by=None, at=NOON)

    bill = Bill.objects.get()
    assert (bill.state, bill.total_minor) == ("issued", effect.stops.bill.total_minor)
    assert effect.stops.plan.plan == plan
    assert (effect.cards, effect.balance, effect.people) == (1, 40, 1)
    assert PlanAssignment.objects.get().ends_on == date(2026, 11, 22)
    assert Card.objects.get().state == "released"
    assert (closed.state, closed.closed_at) == ("closed", NOON)
    assert Wallet.objects.get().balance == 40
    assert "company_closed" in mia.user.notifications.values_list("kind", flat=True)
    with pytest.raises(CompanyNotOpen):
        close_company(company=studio, by=None, at=NOON)


def test_a_plan_that_is_to_come_never_begins_after_closing(studio, plan):
    assignment = assign(studio, plan, date(2026, 12, 1))

    close_company(company=studio, by=None, at=NOON)

    assignment.refresh_from_db()
    assert assignment.ends_on == assignment.starts_on
    assert not Bill.objects.exists()


def test_a_closed_company_takes_nobody_and_no_plan(studio, theo, plan):
    stale = Customer.objects.select_related("location", "company").get(company=studio)
    close_company(company=studio, by=None, at=NOON)

    with pytest.raises(CompanyNotOpen):
        put(studio, theo)
    wish = PlanWish(plan.pk, bill_enabled=False, bill_for=PlanAssignment.BillFor.MANAGERS)
    with pytest.raises(CompanyIsClosed):
        assign_plan(
            customer=stale, wish=wish, starts_on=date(2026, 12, 1), ends_on=None, by=None, at=NOON
        )


@pytest.mark.django_db(transaction=True)
def test_a_plan_assigned_while_a_company_closes_is_refused_or_ended(location, studio, plan):
    race(
        location,
        [
            lambda: assign(studio, plan, date(2026, 12, 1)),
            lambda: close_company(company=studio, by=None, at=NOON),
        ],
    )

    studio.refresh_from_db()
    assert not studio.is_open
    assert all(it.ends_on == it.starts_on for it in PlanAssignment.objects.all())


@pytest.mark.django_db(transaction=True)
def test_a_company_closes_once(location, studio):
    answers = race(
        location, [lambda: close_company(company=studio, by=None, at=NOON) for _ in range(3)]
    )

    assert [type(error) for error in errors(answers)] == [CompanyNotOpen] * 2
    assert AuditRecord.objects.filter(action="company closed").count() == 1


def test_reopened_it_has_its_people_and_credits_but_no_plan(studio, mia, plan, add_credits):
    add_credits(studio, "40")
    assign(studio, plan, date(2026, 11, 22))
    close_company(company=studio, by=None, at=NOON)

    reopened = reopen_company(company=studio, by=None, at=NOON + timedelta(days=1))

    assert (reopened.state, reopened.closed_at) == ("open", None)
    assert place_of(mia).role == MANAGER
    assert Wallet.objects.get().balance == 40
    assert not PlanAssignment.objects.on(date(2026, 11, 23)).exists()
    with pytest.raises(CompanyNotClosed):
        reopen_company(company=studio, by=None, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_the_books_agree_after_all_of_it(studio, mia, theo, invariants_hold):
    change(put(studio, theo), MANAGER)
    remove(place_of(mia))
    close_company(company=studio, by=None, at=NOON)
    remove(place_of(theo))
    reopen_company(company=studio, by=None, at=NOON)

    invariants_hold()
