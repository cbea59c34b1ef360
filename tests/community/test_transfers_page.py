"""Community > Transfers and Settings > Bank transfer."""

from datetime import timedelta

import pytest
from django.utils.timezone import localtime, now

from community.models import AuditRecord
from membership.models import Purchase
from payments.models import GatewayConnection, ReviewCase
from tests.community.settings_pages import PAYMENTS, TRANSFER, address, confirmed, error_at, words
from tests.factories import (
    CustomerFactory,
    OptionFactory,
    TransferAccountFactory,
    awaited_transfer,
)

ACCOUNT = "Harbour Loft GmbH\nDE02120300000000202051"


@pytest.fixture
def browser(admin, signed_in):
    return confirmed(signed_in(admin))


@pytest.fixture
def awaited(location, mia):
    return awaited_transfer(mia, option=OptionFactory(location=location), at=now())


def listed(browser, location, **query):
    return words(browser.get(address(location, "transfers"), query))


def receive(browser, purchase, *, amount="12", received_on=None):
    return browser.post(
        address(purchase.location, "transfer", purchase.key),
        {"amount": amount, "received_on": received_on or localtime().date().isoformat()},
        follow=True,
    )


def state():
    return Purchase.objects.get().state


def test_an_admin_opens_transfers(browser, location, admin):
    response = browser.post(address(location, TRANSFER), {"account_details": ACCOUNT}, follow=True)

    assert "Members can pay by bank transfer." in words(response)
    connection = GatewayConnection.objects.get()
    assert (connection.state, connection.account_details) == ("connected", ACCOUNT)
    assert connection.livemode
    assert "Harbour Loft GmbH" in words(browser.get(address(location, PAYMENTS)))
    assert AuditRecord.objects.get().action == "gateway connected"


def test_another_account_takes_its_place(browser, location):
    TransferAccountFactory(location=location)

    browser.post(address(location, TRANSFER), {"account_details": "Other\nDE99"})

    assert GatewayConnection.objects.get().account_details == "Other\nDE99"
    record = AuditRecord.objects.get()
    assert (record.action, record.before["account_details"]) == (
        "transfer account changed",
        ACCOUNT,
    )


def test_an_empty_account_is_refused_at_its_field(browser, location):
    response = browser.post(address(location, TRANSFER), {"account_details": "  "})

    assert "This field is required." in error_at(response, "account_details")
    assert GatewayConnection.objects.count() == 0


def test_transfers_are_closed_and_opened_again(browser, location, awaited):
    connection = GatewayConnection.objects.get()
    browser.post(address(location, "disconnect_gateway", connection.pk))
    connection.refresh_from_db()
    assert connection.state == "disconnecting"
    assert "still be confirmed" in words(browser.get(address(location, TRANSFER)))

    browser.post(address(location, TRANSFER), {"account_details": ACCOUNT})

    connection.refresh_from_db()
    assert (connection.state, connection.disconnected_at) == ("connected", None)


def test_the_list_says_what_is_awaited(browser, location, awaited):
    page = listed(browser, location)

    for fact in ("Mia Holm", awaited.charge.spaced_reference, "€12.00", "Awaited"):
        assert fact in page


def test_a_transfer_is_found_by_its_reference_and_customer(browser, location, awaited):
    reference = awaited.charge.spaced_reference

    for q in (reference, reference.replace(" ", ""), "mia"):
        assert "Mia Holm" in listed(browser, location, q=q)
    assert "No transfer matches." in listed(browser, location, q="RF00")


def test_queries_do_not_grow_with_transfers(
    browser, location, awaited, django_assert_max_num_queries
):
    for _ in range(5):
        awaited_transfer(CustomerFactory(member__location=location).member, at=now())

    with django_assert_max_num_queries(8):
        listed(browser, location)


def test_a_confirmed_transfer_is_credited(browser, location, awaited):
    response = receive(browser, awaited)

    assert "Confirmed: 10 credits for Mia Holm." in words(response)
    assert state() == "completed"
    assert "Received" in words(response)


def test_confirmed_twice_says_so(browser, awaited):
    receive(browser, awaited)

    assert "confirmed already" in words(receive(browser, awaited)) or state() == "completed"


def test_another_amount_is_on_the_list_to_review(browser, location, awaited):
    response = receive(browser, awaited, amount="10")

    assert "nothing was credited" in words(response)
    assert state() == "awaiting_payment"
    reviews = words(browser.get(address(location, "reviews")))
    assert "Another amount" in reviews
    assert "€10.00" in reviews
    assert "of €12.00" in reviews


@pytest.mark.parametrize("amount", ["", "0", "-1", "12,00", "a", "1.234", "9" * 30])
def test_a_wrong_amount_is_said_at_its_field(browser, awaited, amount):
    assert error_at(receive(browser, awaited, amount=amount), "amount")
    assert state() == "awaiting_payment"
    assert ReviewCase.objects.count() == 0


@pytest.mark.parametrize("days", [-1, 2])
def test_a_wrong_day_is_said_at_its_field(browser, awaited, days):
    day = (localtime().date() + timedelta(days=days)).isoformat()

    assert error_at(receive(browser, awaited, received_on=day), "received_on")
    assert state() == "awaiting_payment"


def test_an_admin_cancels_it(browser, location, awaited):
    browser.post(address(location, "cancel_transfer", awaited.key))

    assert state() == "cancelled"


def test_staff_read_and_do_not_confirm(location, staff, signed_in, awaited):
    browser = signed_in(staff)

    assert "Confirm" not in listed(browser, location).split("<tbody", 1)[1].split("</tbody>")[0]
    assert receive(browser, awaited).status_code == 403


def test_home_says_that_some_are_awaited(browser, location, awaited):
    assert "1 transfer awaited" in words(browser.get(f"/{location.slug}/"))
