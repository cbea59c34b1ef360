from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from billing.models import DocumentCounter, Receipt
from billing.services import Buyer, issue_receipt
from community.money import Tax, TaxedAmount
from membership.models import Purchase
from membership.services.paying import pay_charge
from tests.factories import (
    NOON,
    CardFactory,
    CustomerFactory,
    LocationFactory,
    OptionFactory,
    pending_purchase,
)
from tests.racing import errors, race


@pytest.fixture
def customer(db):
    customer = CustomerFactory(
        member__location=LocationFactory(
            legal_name="Harbour Loft GmbH", address="Pier 1\nHamburg", vat_number="DE123"
        )
    )
    with scope(location=customer.location):
        yield customer


@transaction.atomic
def issue(customer, *, at=NOON, net=1000, tax=200):
    return issue_receipt(
        is_test=False,
        location=customer.location,
        buyer=Buyer(customer.pk, customer.name, customer.email),
        description="10 credits",
        amount=TaxedAmount(net_minor=net, tax_minor=tax),
        tax=Tax(name="VAT", percent=Decimal(20), included=False),
        currency="EUR",
        paid_with="Visa •••• 4242",
        at=at,
    )


def sequences():
    return sorted(Receipt.objects.values_list("sequence", flat=True))


def test_a_receipt_says_what_was_sold_and_how_it_was_paid(customer):
    issued = issue(customer)

    receipt = Receipt.objects.get(pk=issued.receipt_id)
    assert (receipt.number, receipt.paid_with) == ("R-2026-0001", "Visa •••• 4242")
    assert (receipt.net_minor, receipt.tax_minor, receipt.total_minor) == (1000, 200, 1200)
    line = receipt.lines.get()
    assert (line.description, line.tax_name, line.tax_percent) == ("10 credits", "VAT", 20)
    assert (line.net_minor, line.tax_minor, line.total_minor) == (1000, 200, 1200)


def test_seller_and_buyer_stay_as_they_were(customer):
    issued = issue(customer)

    customer.location.legal_name = "Sold to others"
    customer.location.save()
    customer.member.user.name = "Married"
    customer.member.user.save()

    receipt = Receipt.objects.get(pk=issued.receipt_id)
    assert receipt.seller["name"] == "Harbour Loft GmbH"
    assert receipt.seller["vat_number"] == "DE123"
    assert receipt.buyer["name"] != "Married"


def test_numbers_count_on_in_their_location(customer):
    other = CustomerFactory()

    numbers = [issue(customer).number, issue(customer).number]
    with scope(location=other.location):
        elsewhere = issue(other).number

    assert numbers == ["R-2026-0001", "R-2026-0002"]
    assert elsewhere == "R-2026-0001"


def test_the_year_is_the_location_s(customer):
    new_year_in_berlin = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert issue(customer, at=new_year_in_berlin).number.startswith("R-2027-")


def test_a_long_series_keeps_its_digits(customer):
    issue(customer)
    DocumentCounter.objects.update(last_number=9999)

    assert issue(customer).number == "R-2026-10000"


def test_a_number_that_is_rolled_back_is_given_again(customer):
    with transaction.atomic():
        issue(customer)
        transaction.set_rollback(True)

    assert issue(customer).number == "R-2026-0001"
    assert sequences() == [1]


def test_a_number_is_given_once(customer):
    issue(customer)
    DocumentCounter.objects.update(last_number=0)

    with pytest.raises(IntegrityError, match="receipt_has_its_own_number"):
        issue(customer)


def test_a_receipt_outside_a_transaction_is_a_bug(transactional_db):
    customer = CustomerFactory()

    with pytest.raises(AssertionError):
        issue.__wrapped__(customer)


@pytest.mark.django_db(transaction=True)
def test_twenty_sales_at_once_are_numbered_without_gaps(fake_gateway, invariants_hold):
    location = LocationFactory()
    with scope(location=location):
        option = OptionFactory(location=location)
        first = CardFactory(customer__member__location=location)
        cards = [first] + [
            CardFactory(customer__member__location=location, connection=first.connection)
            for _ in range(19)
        ]
        purchases = [pending_purchase(card=card, option=option) for card in cards]

    def pay(purchase):
        pay_charge(charge=Purchase.objects.get(pk=purchase.pk).charge, at=NOON)

    answers = race(location, [partial(pay, purchase) for purchase in purchases])

    assert errors(answers) == []
    with scope(location=location):
        assert sequences() == list(range(1, 21))
        assert DocumentCounter.objects.get().last_number == 20
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_sales_that_fail_half_way_leave_no_gap(invariants_hold):
    customer = CustomerFactory()

    def try_to_issue(number):
        with transaction.atomic():
            issue(customer)
            assert number % 2, "this one is rolled back"

    race(customer.location, [partial(try_to_issue, number) for number in range(10)])

    with scope(location=customer.location):
        assert sequences() == [1, 2, 3, 4, 5]
