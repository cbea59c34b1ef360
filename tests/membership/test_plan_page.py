"""The Plan page of a member and a company: what it shows, and how a plan is assigned there."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Bill
from membership.models import PlanAssignment
from membership.services.assigning import PlanWish, When, assign_plan, end_plan, replace_plan
from membership.services.companies import add_company
from membership.services.periods import format_day, local_day
from tests.dialogs import asks_first
from tests.factories import NOON, PlanFactory


@pytest.fixture
def plan(location):
    return PlanFactory(
        location=location,
        name="Resident",
        price_minor=15000,
        monthly_credits=20,
        discount_percent=25,
    )


@pytest.fixture
def flex(location):
    return PlanFactory(location=location, name="Flex", price_minor=3000)


@pytest.fixture
def today(location):
    return local_day(location, now())


@pytest.fixture
def studio(location, mia):
    return add_company(location=location, name="Studio North", manager=mia, by=None, at=NOON)


def page(member):
    return reverse("community:member_plan", args=[member.location.slug, member.pk])


def act(customer, name):
    return reverse(f"community:{name}", args=[customer.location.slug, customer.pk])


def words(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def give(customer, plan, *, until=None):
    return assign_plan(
        customer=customer,
        wish=PlanWish(plan_id=plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor.EVERYONE),
        starts_on=local_day(customer.location, now()),
        ends_on=until,
        by=None,
        at=now(),
    )


def test_an_admin_assigns_a_plan_with_its_last_day(mia, plan, admin, signed_in, today):
    browser = signed_in(admin)
    last = today + timedelta(days=90)
    posted = {"plan": plan.pk, "starts_on": today, "ends_on": last, "bill_enabled": "on"}

    before = words(browser.get(page(mia)))
    response = browser.post(act(mia.customer, "assign_plan"), posted, follow=True)

    assert "No plan" in before
    assert "Assign a plan" in before
    said = words(response)
    assert "Mia Holm has the plan Resident." in said
    assert f"until {format_day(last)}" in said
    assert "€180.00 on" in said
    assert "25 % off credits" in said
    running = PlanAssignment.objects.get()
    assert running.ends_on == last + timedelta(days=1)
    assert running.bill_enabled
    assert running.assigned_by == admin
    assert Bill.objects.active().get().customer == mia.customer


def test_a_company_says_who_may_use_its_bill_and_a_member_is_not_asked(
    location, mia, studio, plan, admin, signed_in, today
):
    browser = signed_in(admin)
    address = reverse("community:company_plan", args=[location.slug, studio.pk])

    assert "Who may use the bill" not in words(browser.get(page(mia)))
    assert "Who may use the bill" in words(browser.get(address))
    posted = {"plan": plan.pk, "starts_on": today, "bill_enabled": "on", "bill_for": "everyone"}
    response = browser.post(act(studio.customer, "assign_plan"), posted, follow=True)

    assert response.redirect_chain[-1][0] == address
    assert "Allowed: Managers and members" in words(response)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("plan", "", "This field is required."),
        ("plan", "999999", "Select a valid choice."),
        ("starts_on", "", "This field is required."),
        ("starts_on", "2020-01-01", "Choose today or a later day."),
        ("starts_on", "9999-12-31", "This day is too far away."),
        ("starts_on", "31.12.2027!", "Enter a valid date."),
        ("ends_on", "2020-01-01", "Choose the first day or a later one."),
        ("ends_on", "9999-12-31", "This day is too far away."),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    mia, plan, admin, signed_in, today, field, value, message
):
    posted = {"plan": plan.pk, "starts_on": today, "ends_on": ""} | {field: value}

    response = signed_in(admin).post(act(mia.customer, "assign_plan"), posted)

    said = re.search(rf'id="id_{field}_error">(.*?)</p>', response.content.decode(), re.DOTALL)
    assert said
    assert message in said[1]
    assert not PlanAssignment.objects.exists()


def test_a_plan_in_that_time_is_refused_in_words(mia, plan, flex, admin, signed_in, today):
    give(mia.customer, plan, until=today + timedelta(days=9))

    response = signed_in(admin).post(
        act(mia.customer, "assign_plan"), {"plan": flex.pk, "starts_on": today}
    )

    assert "There is a plan in that time already." in words(response)
    assert PlanAssignment.objects.count() == 1


def test_a_change_shows_its_effect_and_happens_when_that_is_confirmed(
    mia, plan, flex, admin, signed_in
):
    give(mia.customer, plan)
    browser = signed_in(admin)
    chosen = {"plan": flex.pk, "when": "now", "bill_enabled": "on"}

    shown = browser.post(act(mia.customer, "replace_plan"), chosen)

    said = words(shown)
    assert "Change from Resident to Flex?" in said
    assert "The open bill of €180.00" in said
    assert "Its first fee, €36.00 for" in said
    assert PlanAssignment.objects.count() == 1
    confirmed = chosen | {"seen": seen_on(shown)}
    done = browser.post(act(mia.customer, "replace_plan"), confirmed, follow=True)
    assert "The plan changes to Flex." in words(done)
    assert list(Bill.objects.order_by("pk").values_list("state", flat=True)) == [
        "issued",
        "active",
    ]


def seen_on(response):
    [seen] = re.findall(r'name="seen" value="(\w+)"', response.content.decode())
    return seen


def test_an_effect_that_is_another_by_now_is_shown_again(mia, plan, flex, admin, signed_in):
    give(mia.customer, plan)
    browser = signed_in(admin)
    chosen = {"plan": flex.pk, "when": "now"}
    seen = seen_on(browser.post(act(mia.customer, "replace_plan"), chosen))
    flex.price_minor = 9900
    flex.save()

    again = browser.post(act(mia.customer, "replace_plan"), chosen | {"seen": seen})

    assert "This changed while you were here." in words(again)
    assert "€118.80" in words(again)
    assert PlanAssignment.objects.count() == 1


@pytest.mark.parametrize(("when", "state"), [("next_period", "active"), ("now", "issued")])
def test_a_plan_is_ended_with_both_effects_in_view(mia, plan, admin, signed_in, when, state):
    give(mia.customer, plan)
    browser = signed_in(admin)

    shown = browser.get(act(mia.customer, "end_plan"))
    posted = {"when": when, "seen": seen_on(shown)}
    browser.post(act(mia.customer, "end_plan"), posted)

    assert "The open bill of €180.00" in words(shown)
    assert "Resident goes on until" in words(shown)
    assert PlanAssignment.objects.get().ends_on
    assert Bill.objects.get().state == state


def test_an_end_that_was_not_read_is_not_made(mia, plan, admin, signed_in):
    give(mia.customer, plan)

    signed_in(admin).post(act(mia.customer, "end_plan"), {"when": "now", "seen": "something else"})

    assert PlanAssignment.objects.get().ends_on is None


def test_the_bill_is_closed_to_purchases_by_its_own_page(mia, plan, admin, signed_in):
    running = give(mia.customer, plan)
    address = reverse("community:bill_permission", args=[mia.location.slug, running.pk])

    response = signed_in(admin).post(address, {"csrfmiddlewaretoken": "x"}, follow=True)

    running.refresh_from_db()
    assert not running.bill_enabled
    assert "Payment by bill saved." in words(response)


def test_a_coming_change_is_shown_and_withdrawn(mia, plan, flex, admin, signed_in):
    give(mia.customer, plan)
    coming = replace_plan(
        customer=mia.customer,
        wish=PlanWish(
            plan_id=flex.pk, bill_enabled=False, bill_for=PlanAssignment.BillFor.MANAGERS
        ),
        when=When.NEXT_PERIOD,
        by=admin,
        at=now(),
    )
    browser = signed_in(admin)

    shown = browser.get(page(mia))
    said = words(shown)
    address = reverse("community:withdraw_plan", args=[mia.location.slug, coming.pk])
    assert asks_first(shown, address)
    after = words(browser.post(address, follow=True))

    assert "Coming" in said
    assert f"€36.00 on {format_day(coming.starts_on)} (Flex)" in said
    assert "Never began" in after
    assert "€180.00 on" in after


def test_with_no_plan_there_is_nothing_to_change_or_end(mia, plan, admin, signed_in):
    browser = signed_in(admin)

    for name in ("replace_plan", "end_plan"):
        said = words(browser.get(act(mia.customer, name), follow=True))
        assert "There is no plan at the moment." in said


def test_staff_read_the_page_and_find_nothing_to_press(mia, plan, staff, signed_in):
    give(mia.customer, plan)

    said = words(signed_in(staff).get(page(mia)))

    assert "Resident" in said
    assert "Change plan" not in said
    assert "Assign" not in said.replace("Assigned", "")


def test_a_plan_that_ended_on_its_first_day_began(mia, plan, admin, signed_in):
    given = give(mia.customer, plan)
    end_plan(customer=mia.customer, when=When.NOW, by=admin, at=now())

    response = signed_in(admin).get(page(mia))

    assert "Never began" not in words(response)
    assert words(response).count(format_day(given.starts_on)) == 2


def test_history_does_not_cost_a_query_a_row(
    mia, plan, admin, signed_in, django_assert_max_num_queries
):
    browser = signed_in(admin)
    give(mia.customer, plan)
    end_plan(customer=mia.customer, when=When.NOW, by=admin, at=now())
    with django_assert_max_num_queries(20) as few:
        browser.get(page(mia))
    for _ in range(5):
        give(mia.customer, plan)
        end_plan(customer=mia.customer, when=When.NOW, by=admin, at=now())

    with django_assert_max_num_queries(len(few)):
        browser.get(page(mia))


def test_home_tells_a_member_their_plan_and_its_next_fee(mia, plan, signed_in):
    give(mia.customer, plan)

    said = words(signed_in(mia.user).get(reverse("community:home", args=[mia.location.slug])))

    assert "Your plan: Resident" in said
    assert "Next fee €180.00 on" in said
