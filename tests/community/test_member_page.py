from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from credits.services.spending import spend_credits
from payments.models import Transaction
from tests.factories import NOON, CustomerFactory

pytestmark = pytest.mark.usefixtures("in_november")
TABS = ["member", "member_credits", "member_payments"]


@pytest.fixture
def in_november():
    with time_machine.travel(NOON, tick=False):
        yield


def address(location, name, member):
    return reverse(f"community:{name}", args=[location.slug, member.pk])


def words(response):
    return response.content.decode()


@pytest.mark.parametrize("name", TABS)
def test_staff_read_every_section_of_a_member(location, staff, mia, signed_in, name):
    response = signed_in(staff).get(address(location, name, mia))

    assert response.status_code == 200
    assert "Mia Holm" in words(response)
    for section in ("Overview", "Credits", "Payments"):
        assert f">{section}</a>" in words(response)


@pytest.mark.parametrize("name", TABS)
def test_a_member_of_another_location_is_not_found(location, admin, signed_in, name):
    stranger = CustomerFactory().member

    assert signed_in(admin).get(address(location, name, stranger)).status_code == 404


@pytest.mark.parametrize("name", TABS)
def test_a_number_that_no_member_can_have_is_not_found(location, admin, signed_in, name):
    response = signed_in(admin).get(reverse(f"community:{name}", args=[location.slug, 10**30]))

    assert response.status_code == 404


@pytest.mark.parametrize("name", TABS)
def test_members_do_not_open_the_pages_about_them(location, mia, signed_in, name):
    assert signed_in(mia.user).get(address(location, name, mia)).status_code == 403


def test_the_credits_show_balance_lots_and_movements(location, admin, mia, add_credits, signed_in):
    add_credits(mia, "10", key="a")
    add_credits(mia, "8", key="b", lapses_at=NOON + timedelta(days=22), note="Summer party")
    spend_credits(
        customer=mia.customer, credits=Decimal("2.5"), key="desk", at=NOON, note="Desk Room"
    )

    response = signed_in(admin).get(address(location, "member_credits", mia))

    assert 'data-testid="balance">15.5</span>' in words(response)
    assert "5.5 lapse on 14 Dec" in words(response)
    assert [(lot.remaining, lot.lapses_at) for lot in response.context["lots"]] == [
        (Decimal("5.50"), NOON + timedelta(days=22)),
        (Decimal("10.00"), None),
    ]
    assert "−2.5</bdi>" in words(response)
    assert "Desk Room" in words(response)


def test_the_payments_list_what_was_paid_with_which_card(location, admin, mia, buy, signed_in):
    bought = buy(mia)

    response = signed_in(admin).get(address(location, "member_payments", mia))

    page = words(response)
    assert ">Transactions</h2>" in page
    assert "10 credits" in page
    assert "Bought by Mia Holm" in page
    assert "Visa •••• 4242" in page
    assert "Succeeded" in page
    assert bought.charge.reference in page
    receipt = reverse("membership:receipt", args=[location.slug, bought.receipt.number])
    assert f'href="{receipt}"' in page
    assert response.context["paid"].total_minor == bought.total_minor
    assert response.context["paid"].payments == 1


def test_a_declined_payment_says_why_and_has_no_receipt(location, admin, mia, buy, signed_in):
    buy(mia, reference="card_declined")

    response = signed_in(admin).get(address(location, "member_payments", mia))

    assert "Not enough funds" in words(response)
    assert "/receipts/" not in words(response)
    assert response.context["paid"].total_minor == 0
    assert response.context["last"] is None


def test_the_year_of_the_figures_is_the_locations(location, admin, mia, buy, signed_in):
    location.time_zone = "Pacific/Auckland"
    location.save()
    buy(mia, at=NOON.replace(year=2025, month=12, day=31, hour=12))  # already 2026 there
    buy(mia, at=NOON.replace(year=2025, month=12, day=31, hour=10))

    response = signed_in(admin).get(address(location, "member_payments", mia))

    assert response.context["paid"].payments == 1


def test_payments_of_others_are_not_among_them(location, admin, mia, buy, signed_in):
    other = CustomerFactory(member__location=location).member
    buy(other)

    response = signed_in(admin).get(address(location, "member_payments", mia))

    assert "No payments yet" in words(response)


@pytest.mark.parametrize("name", ["member_credits", "member_payments"])
def test_long_lists_have_pages(location, admin, mia, buy, signed_in, name):
    for _ in range(26):
        buy(mia)

    first = signed_in(admin).get(address(location, name, mia))
    second = signed_in(admin).get(address(location, name, mia), {"page": "2"})

    assert "1–25 of 26" in words(first)
    assert "26–26 of 26" in words(second)


@pytest.mark.parametrize("name", TABS)
def test_more_rows_ask_no_more_of_the_database(
    location, admin, mia, buy, signed_in, django_assert_max_num_queries, name
):
    browser = signed_in(admin)
    for _ in range(3):
        buy(mia)
    browser.get(address(location, name, mia))
    with django_assert_max_num_queries(16) as few:
        browser.get(address(location, name, mia))
    for hours in range(15):  # nobody tries so many bad cards within an hour
        at = NOON + timedelta(hours=hours)
        buy(mia, at=at)
        buy(mia, reference="card_declined", at=at)

    with django_assert_max_num_queries(len(few)):
        browser.get(address(location, name, mia))

    assert Transaction.objects.count() == 33
