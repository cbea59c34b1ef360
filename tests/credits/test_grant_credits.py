from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from community.models import Location
from credits.models import Entry, Lot, Wallet
from credits.services.granting import book_accrual, grant_credits, lapse_date
from credits.services.spending import spend_credits
from credits.services.wallets import KeyUsedDifferently
from tests.factories import NOON, CustomerFactory
from tests.racing import race


@pytest.fixture
def customer(db):
    customer = CustomerFactory()
    with scope(location=customer.location):
        yield customer


def give(customer, credits, key="gift:1", **more):
    return grant_credits(
        customer=customer,
        credits=Decimal(credits),
        reason=Entry.Reason.GIVEN,
        key=key,
        at=NOON,
        **more,
    )


def test_the_first_grant_opens_the_wallet(customer, invariants_hold):
    entry = give(customer, "2.50", note="Welcome", paid_minor=300)

    assert (entry.position, entry.balance_after, entry.note) == (1, Decimal("2.50"), "Welcome")
    assert Wallet.objects.get(customer=customer).balance == Decimal("2.50")
    assert (entry.lot.remaining, entry.lot.paid_minor) == (Decimal("2.50"), 300)
    invariants_hold()


def test_a_key_grants_once(customer, invariants_hold):
    first = give(customer, 5)

    again = give(customer, 5)

    assert again == first
    assert Wallet.objects.get(customer=customer).balance == 5
    invariants_hold()


def test_a_key_used_for_another_number_of_credits_is_refused(customer):
    give(customer, 5)

    with pytest.raises(KeyUsedDifferently):
        give(customer, 6)


def test_two_customers_may_use_the_same_key(customer):
    give(customer, 5)
    other = CustomerFactory(member__location=customer.location)

    give(other, 7)

    assert Wallet.objects.get(customer=other).balance == 7


@pytest.mark.parametrize("credits", ["0", "-1", "0.001", "1.005"])
def test_what_a_wallet_cannot_keep_is_a_bug(customer, credits):
    with pytest.raises(AssertionError):
        give(customer, credits)


def test_a_booking_outside_a_transaction_is_a_bug(transactional_db):
    with pytest.raises(AssertionError):
        book_accrual(
            location_id=1,
            customer_id=1,
            credits=Decimal(1),
            reason=Entry.Reason.PURCHASE,
            key="purchase:1",
            at=NOON,
        )


def test_nothing_is_granted_without_a_location(db):
    customer = CustomerFactory()

    with pytest.raises(ScopeError):
        give(customer, 1)


@pytest.mark.parametrize("model", [Entry, Lot, Wallet])
def test_a_ledger_can_not_be_read_without_a_location(model):
    with pytest.raises(ScopeError):
        model.objects.count()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credits_entry SET credits = 100",
        "DELETE FROM credits_entry",
        "TRUNCATE credits_entry CASCADE",
        "UPDATE credits_lotmovement SET credits = 100",
        "TRUNCATE credits_lotmovement",
    ],
)
def test_the_ledger_is_append_only(customer, statement):
    give(customer, 5)
    spend_credits(customer=customer, credits=Decimal(1), key="desk:1", at=NOON)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE would wait for them
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            cursor.execute(statement)

    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    ("zone", "bought", "months", "lapses"),
    [
        ("UTC", datetime(2026, 1, 31, 12, tzinfo=UTC), 1, datetime(2026, 2, 28, 12, tzinfo=UTC)),
        ("UTC", datetime(2028, 1, 31, 12, tzinfo=UTC), 1, datetime(2028, 2, 29, 12, tzinfo=UTC)),
        ("UTC", datetime(2026, 11, 30, 12, tzinfo=UTC), 3, datetime(2027, 2, 28, 12, tzinfo=UTC)),
        # Noon in Berlin stays noon in Berlin when summer time begins in between.
        (
            "Europe/Berlin",
            datetime(2026, 3, 1, 11, tzinfo=UTC),
            1,
            datetime(2026, 4, 1, 10, tzinfo=UTC),
        ),
        # It is the 1st already in Tokyo.
        (
            "Asia/Tokyo",
            datetime(2026, 1, 30, 20, tzinfo=UTC),
            1,
            datetime(2026, 2, 27, 20, tzinfo=UTC),
        ),
    ],
)
def test_credits_lapse_months_later_at_the_same_local_time(zone, bought, months, lapses):
    location = Location(time_zone=zone)

    assert lapse_date(location=location, months=months, at=bought) == lapses
    assert lapse_date(location=location, months=None, at=bought) is None


@pytest.mark.django_db(transaction=True)
def test_ten_first_grants_at_once_open_one_wallet_and_lose_nothing(invariants_hold):
    customer = CustomerFactory()

    answers = race(
        customer.location, [lambda i=i: give(customer, 1, key=f"gift:{i}") for i in range(10)]
    )

    assert all(isinstance(answer, Entry) for answer in answers), answers
    with scope(location=customer.location):
        assert Wallet.objects.get(customer=customer).balance == 10
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_one_key_from_ten_rivals_grants_once(invariants_hold):
    customer = CustomerFactory()

    answers = race(customer.location, [lambda: give(customer, 3)] * 10)

    assert len({entry.pk for entry in answers}) == 1, answers
    with scope(location=customer.location):
        assert Wallet.objects.get(customer=customer).balance == 3
    invariants_hold()


def test_a_lot_past_its_date_can_still_be_granted(customer):
    entry = give(customer, 3, lapses_at=NOON - timedelta(days=1))

    assert entry.lot.lapses_at < NOON
