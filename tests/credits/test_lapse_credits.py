from datetime import timedelta
from decimal import Decimal

import pytest
from django_scopes import scope

from credits.models import Entry, Wallet
from credits.services.granting import grant_credits
from credits.services.lapsing import lapse_customer_lots
from credits.services.spending import spend_credits
from credits.tasks import sweep_lapsed_lots
from notifications.models import Notification
from tests.factories import NOON, CustomerFactory, company_of
from tests.racing import errors, race

LATER = NOON + timedelta(days=31)


@pytest.fixture
def customer(db):
    customer = CustomerFactory()
    with scope(location=customer.location):
        yield customer


def give(customer, credits, key, *, days=None):
    return grant_credits(
        customer=customer,
        credits=Decimal(credits),
        reason=Entry.Reason.GIVEN,
        key=key,
        at=NOON,
        lapses_at=None if days is None else NOON + timedelta(days=days),
    ).lot


def test_each_due_lot_lapses_by_an_entry_of_its_own(customer, invariants_hold):
    first, second = give(customer, 5, "a", days=10), give(customer, 2, "b", days=20)
    give(customer, 1, "c", days=40)
    give(customer, 1, "d")
    spend_credits(customer=customer, credits=Decimal(4), key="desk:1", at=NOON)

    lapsed = lapse_customer_lots(wallet_id=first.wallet_id, at=LATER)

    assert [(entry.credits, entry.idempotency_key) for entry in lapsed] == [
        (Decimal(-1), f"lapse:{first.pk}"),
        (Decimal(-2), f"lapse:{second.pk}"),
    ]
    assert Wallet.objects.get(customer=customer).balance == 2
    invariants_hold()


def test_a_lot_lapses_at_its_moment_and_not_before(customer):
    lot = give(customer, 5, "a", days=10)

    early = lapse_customer_lots(
        wallet_id=lot.wallet_id, at=lot.lapses_at - timedelta(microseconds=1)
    )
    in_time = lapse_customer_lots(wallet_id=lot.wallet_id, at=lot.lapses_at)

    assert (len(early), len(in_time)) == (0, 1)


def test_a_lot_lapses_once_however_often_it_is_asked(customer, invariants_hold):
    lot = give(customer, 5, "a", days=10)

    lapse_customer_lots(wallet_id=lot.wallet_id, at=LATER)
    again = lapse_customer_lots(wallet_id=lot.wallet_id, at=LATER)

    assert again == []
    assert Entry.objects.filter(reason=Entry.Reason.LAPSE).count() == 1
    invariants_hold()


def test_a_spent_lot_does_not_lapse(customer):
    lot = give(customer, 5, "a", days=10)
    spend_credits(customer=customer, credits=Decimal(5), key="desk:1", at=NOON)

    assert lapse_customer_lots(wallet_id=lot.wallet_id, at=LATER) == []


def test_the_sweeper_takes_the_due_lots_of_every_location(db, invariants_hold):
    wallets = []
    for days in (-10, -10, 10_000):
        customer = CustomerFactory()
        with scope(location=customer.location):
            wallets.append(give(customer, 5, "a", days=days).wallet)

    sweep_lapsed_lots()

    for wallet in wallets:
        with scope(location=wallet.location):
            wallet.refresh_from_db()
    assert [wallet.balance for wallet in wallets] == [0, 0, 5]
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_lapses_and_spenders_at_once_take_each_credit_once(invariants_hold):
    customer = CustomerFactory()
    with scope(location=customer.location):
        lot = give(customer, 5, "a", days=10)
        give(customer, 3, "b")

    def spend(i):
        return spend_credits(customer=customer, credits=Decimal(1), key=f"desk:{i}", at=LATER)

    answers = race(
        customer.location,
        [lambda: lapse_customer_lots(wallet_id=lot.wallet_id, at=LATER)] * 4
        + [lambda i=i: spend(i) for i in range(4)],
    )

    assert len(errors(answers)) == 1, "one spender comes too late"
    with scope(location=customer.location):
        assert Wallet.objects.get(customer=customer).balance == 0
        assert Entry.objects.filter(reason=Entry.Reason.LAPSE).count() == 1
    invariants_hold()


def test_whoever_held_lapsed_credits_is_told_once(customer):
    lot = give(customer, 5, "a", days=10)

    lapse_customer_lots(wallet_id=lot.wallet_id, at=LATER)
    lapse_customer_lots(wallet_id=lot.wallet_id, at=LATER)

    told = Notification.objects.get(kind=Notification.Kind.CREDITS_LAPSED)
    assert told.facts == {"credits": "5.00", "balance": "0.00", "company": "", "company_id": None}


def test_who_is_told_of_a_company_s_lapse_reads_whose_they_were(location, mia):
    company = company_of(mia, name="Studio North")
    lot = give(company.customer, 5, "a", days=10)

    lapse_customer_lots(wallet_id=lot.wallet_id, at=LATER)

    told = Notification.objects.get(kind=Notification.Kind.CREDITS_LAPSED, user=mia.user).facts
    assert (told["company"], told["company_id"]) == ("Studio North", company.pk)
