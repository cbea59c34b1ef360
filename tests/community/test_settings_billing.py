"""Settings > Billing: what documents say from now on, and their numbers."""

from datetime import timedelta

import pytest

from billing.models import DocumentCounter, Receipt
from billing.services import NumberTaken, change_billing_details, next_numbers
from community.services.settings import BILLING as NAMES
from community.services.settings import facts_of, version_of
from membership.services.paying import pay_charge
from tests.community.settings_pages import BILLING, address, audited, error_at, filled, words
from tests.factories import NOON, CardFactory, ConnectionFactory, pending_purchase
from tests.racing import race


def post(browser, location, **changes):
    fields = filled(browser, location, BILLING) | changes
    return browser.post(address(location, BILLING), fields, follow=True)


def numbers():
    return list(Receipt.objects.order_by("sequence").values_list("number", flat=True))


def test_documents_say_what_was_saved(location, admin, mia, signed_in, buy):
    response = post(
        signed_in(admin),
        location,
        legal_name="Harbour Loft GmbH",
        address="Pier 1\r\n20457 Hamburg",
        vat_number="DE123",
        registration_number="HRB 42",
        bank_details="DE02 1203",
        document_footer="Thank you.",
        document_prefix="hl",
        payment_terms_days="30",
        reminder_days="7; 21",
    )
    receipt = buy(mia).receipt

    assert "Billing details saved." in words(response)
    location.refresh_from_db()
    assert (location.payment_terms_days, location.reminder_days) == (30, [7, 21])
    assert location.address == "Pier 1\n20457 Hamburg"
    assert receipt.number == "HL-R-2026-0001"
    assert receipt.seller == {
        "test_mode": True,
        "name": "Harbour Loft GmbH",
        "address": "Pier 1\n20457 Hamburg",
        "vat_number": "DE123",
        "registration_number": "HRB 42",
        "footer": "Thank you.",
        "locale": "en",
        "time_zone": "Europe/Berlin",
    }


def test_an_audit_record_holds_what_changed_and_nothing_else(location, admin, signed_in):
    post(signed_in(admin), location, reminder_days="", payment_terms_days="14")

    assert audited() == [
        ("billing details changed", {"reminder_days": [3, 10]}, {"reminder_days": []})
    ]


def test_a_series_from_elsewhere_is_carried_on(
    location, admin, mia, signed_in, buy, invariants_hold
):
    browser = signed_in(admin)
    buy(mia)

    post(browser, location, next_receipt="500")
    moved = next_numbers(location=location)["receipt"]
    invariants_hold()
    buy(mia)
    buy(mia)

    assert moved == 500
    assert numbers() == ["R-2026-0001", "R-2026-0500", "R-2026-0501"]
    assert audited()[-1] == (
        "billing details changed",
        {"next_receipt": 2},
        {"next_receipt": 500},
    )
    invariants_hold()


def test_a_number_that_was_given_is_never_given_again(location, admin, mia, signed_in, buy):
    buy(mia)
    buy(mia)

    response = post(signed_in(admin), location, next_receipt="2", legal_name="Loft GmbH")

    assert "The next number is 3 already." in error_at(response, "next_receipt")
    location.refresh_from_db()
    assert location.legal_name == ""
    assert next_numbers(location=location)["receipt"] == 3
    assert audited() == []


def test_a_sale_meanwhile_is_no_wish_to_go_back(location, admin, mia, signed_in, buy):
    browser = signed_in(admin)
    fields = filled(browser, location, BILLING) | {"legal_name": "Loft GmbH"}
    buy(mia)

    response = browser.post(address(location, BILLING), fields, follow=True)

    assert "Billing details saved." in words(response)
    assert next_numbers(location=location)["receipt"] == 2


@pytest.mark.parametrize("left", ["", None])
def test_no_number_leaves_the_series_alone(location, admin, signed_in, left):
    browser = signed_in(admin)
    fields = filled(browser, location, BILLING) | {"next_receipt": left or ""}

    browser.post(address(location, BILLING), fields)

    assert not DocumentCounter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_receipt_and_a_jump_at_once_give_each_number_once(
    location, admin, mia, fake_gateway, invariants_hold
):
    connection = ConnectionFactory(location=location)
    cards = [CardFactory(customer=mia.customer, connection=connection) for _ in range(3)]
    bought = [pending_purchase(card=card) for card in cards]

    def jump():
        change_billing_details(
            location=location,
            values={},
            next_numbers={"receipt": 3},
            seen=version_of(facts_of(location, NAMES)),
            by=admin,
            at=NOON,
        )

    def sell(purchase):
        return lambda: pay_charge(charge=purchase.charge, at=NOON + timedelta(minutes=1))

    answers = race(location, [jump, *map(sell, bought)])

    assert answers[0] is None or isinstance(answers[0], NumberTaken)
    assert len(set(numbers())) == 3
    invariants_hold()
