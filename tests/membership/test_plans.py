"""Community > More > Plans: what is offered, added, changed, archived and brought back."""

import re
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from community.models import AuditRecord
from membership.models import Plan
from membership.services.plans import PlanExists, PlanValues, add_plan, archive_plan
from tests.factories import NOON, AssignmentFactory, PlanFactory

FIELDS = {
    "name": "Resident",
    "price": "150",
    "discount_percent": "25",
    "monthly_credits": "20",
    "free_claims": "",
}


def page(location):
    return reverse("community:plans", args=[location.slug])


def address(location, name, *ids):
    return reverse(f"community:{name}_plan", args=[location.slug, *ids])


def words(response):
    return " ".join(response.content.decode().split())


def test_an_admin_offers_a_plan(location, admin, signed_in):
    response = signed_in(admin).post(address(location, "add"), FIELDS, follow=True)

    plan = Plan.objects.get()
    assert (plan.name, plan.price_minor, plan.free_claims) == ("Resident", 15000, None)
    assert (plan.discount_percent, plan.monthly_credits) == (25, 20)
    assert "Resident is on offer." in words(response)
    assert "€150.00" in words(response)
    assert "€180.00" in words(response)
    assert AuditRecord.objects.get().after["price_minor"] == 15000


def test_what_is_left_empty_is_nothing(location, admin, signed_in):
    fields = FIELDS | {"price": "0", "discount_percent": "", "monthly_credits": ""}

    signed_in(admin).post(address(location, "add"), fields)

    plan = Plan.objects.get()
    assert (plan.price_minor, plan.discount_percent, plan.monthly_credits) == (0, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required."),
        ("name", " \u202e\x07 ", "This field is required."),
        ("name", "x" * 81, "at most 80 characters"),
        ("price", "", "This field is required."),
        ("price", "-1", "Enter 0 or a number above it."),
        ("price", "1.234", "EUR has at most 2 decimal places."),
        ("price", "10000000000.01", "This price is too high."),
        ("price", "1e5", "Enter a number, like 10 or 2.5."),
        ("discount_percent", "100.01", "A discount is at most 100 %."),
        ("discount_percent", "-5", "Enter 0 or a number above it."),
        ("discount_percent", "12.345", "A percentage has at most two decimal places."),
        ("monthly_credits", "-1", "Enter 0 or a number above it."),
        ("monthly_credits", "1.234", "Credits have at most two decimal places."),
        ("monthly_credits", "1000000.01", "Enter at most 1000000 credits."),
        ("free_claims", "0", "Enter 1 or more, or nothing."),
        ("free_claims", "-1", "Enter 1 or more, or nothing."),
        ("free_claims", "1.5", "Enter a whole number."),
        ("free_claims", "99999", "Enter at most 1000."),
        ("free_claims", "1", "A limit of free claims needs a discount of 100 %. Leave it empty."),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_at_its_field(
    location, admin, signed_in, field, value, message
):
    response = signed_in(admin).post(address(location, "add"), FIELDS | {field: value})

    said = re.search(rf'id="id_{field}_error">(.*?)</p>', response.content.decode(), re.DOTALL)
    assert said
    assert message in said[1]
    assert not Plan.objects.exists()


def test_two_plans_on_offer_have_two_names(location, admin, signed_in):
    PlanFactory(location=location, name="RESIDENT")

    response = signed_in(admin).post(address(location, "add"), FIELDS)

    assert "There is a plan of this name already." in words(response)
    assert Plan.objects.count() == 1
    with pytest.raises(IntegrityError, match="plan_on_offer_once"), transaction.atomic():
        PlanFactory(location=location, name="resident")


def test_a_plan_is_changed_and_an_archived_one_is_not(location, admin, signed_in):
    plan = PlanFactory(location=location, name="Flex")
    browser = signed_in(admin)

    browser.post(address(location, "edit", plan.pk), FIELDS | {"name": "Flex Plus"})

    plan.refresh_from_db()
    assert (plan.name, plan.price_minor) == ("Flex Plus", 15000)
    archive_plan(plan_id=plan.pk, by=admin, at=NOON)
    assert browser.get(address(location, "edit", plan.pk)).status_code == 404


def test_an_archived_plan_is_brought_back_unless_its_name_is_taken(location, admin, signed_in):
    plan = PlanFactory(location=location, name="Flex")
    browser = signed_in(admin)
    browser.post(address(location, "archive", plan.pk))
    other = PlanFactory(location=location, name="flex")

    taken = browser.post(address(location, "bring_back", plan.pk), follow=True)
    archive_plan(plan_id=other.pk, by=admin, at=NOON)
    back = browser.post(address(location, "bring_back", plan.pk), follow=True)

    assert "There is a plan of this name already." in words(taken)
    assert "Flex is on offer again." in words(back)
    assert list(Plan.objects.on_offer()) == [plan]


def test_staff_read_and_find_nothing_to_press(location, staff, signed_in):
    PlanFactory(location=location, name="Flex")

    seen = words(signed_in(staff).get(page(location)))

    assert "Flex" in seen
    assert "Add plan" not in seen
    assert "Archive" not in seen


def test_the_list_counts_who_has_a_plan_today_in_steady_queries(
    location, staff, signed_in, django_assert_max_num_queries
):
    plan = PlanFactory(location=location, name="Flex")
    for _ in range(3):
        AssignmentFactory(customer__member__location=location, plan=plan, starts_on="2026-01-01")
    AssignmentFactory(
        customer__member__location=location,
        plan=plan,
        starts_on="2020-01-01",
        ends_on="2020-02-01",
    )
    browser = signed_in(staff)

    with django_assert_max_num_queries(16) as few:
        seen = words(browser.get(page(location)))
    for _ in range(10):
        PlanFactory(location=location)
    with django_assert_max_num_queries(len(few)):
        browser.get(page(location))

    assert 'data-label="Have it">3</td>' in seen


def test_a_plan_of_a_name_is_added_once_whatever_its_letters(location, admin):
    values = PlanValues("Flex", 1000, Decimal(0), Decimal(0), None)
    add_plan(location=location, values=values, by=admin, at=NOON)

    with pytest.raises(PlanExists):
        add_plan(location=location, values=values, by=admin, at=NOON)


def test_a_page_of_one_list_keeps_the_page_of_the_other(location, admin, signed_in, monkeypatch):
    monkeypatch.setattr("community.views.plans.PER_PAGE", 1)
    for name in ("Flex", "Fixed", "Old", "Older"):
        plan = PlanFactory(location=location, name=name)
        if name.startswith("Old"):
            archive_plan(plan_id=plan.pk, by=admin, at=NOON)

    said = words(signed_in(admin).get(page(location), {"page": "2"}))

    assert 'href="?page=2&amp;archived=2"' in said
    assert 'href="?page=1"' in said
