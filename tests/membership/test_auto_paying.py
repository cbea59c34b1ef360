"""Bills that pay themselves: when they are tried, how often, and when no more."""

from datetime import timedelta
from uuid import uuid4

import pytest

from billing.models import Bill
from billing.services import issue_bill
from membership.services.auto_paying import bills_to_try, choose_auto_pay, try_bill
from membership.services.bill_charging import start_bill_charge
from membership.services.paying import pay_charge
from membership.services.purchases import CardOrder
from membership.services.refusals import CardNotUsable
from membership.tasks import pay_bills, send_bill_unpaid
from payments.models import AutoPay, Card, Transaction
from payments.services.cards import remove_card, settle_entered_card
from tests.factories import NOON, CardFactory, ConnectionFactory, CustomerFactory
from tests.membership.tab import plan_with_bill


@pytest.fixture
def card(location, mia, fake_gateway):
    return CardFactory(customer=mia.customer, connection=ConnectionFactory(location=location))


@pytest.fixture
def bill(location, mia):
    return issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)


def choose(mia, card):
    return choose_auto_pay(
        customer=mia.customer, card_id=card.pk if card else None, by=mia.user, at=NOON
    )


def fails_as(card, what):
    Card.objects.filter(pk=card.pk).update(reference=f"{what}_{card.pk}")


def tried_at(days):
    """What a run does that many days after the bill was issued."""
    at = NOON + timedelta(days=days)
    for _location, bill_id in bills_to_try(at=at):
        try_bill(bill=Bill.objects.select_related("location", "customer").get(pk=bill_id), at=at)
    return Transaction.objects.filter(automatic_try__isnull=False).count()


def test_it_pays_at_issue(bill, mia, card, invariants_hold):
    choose(mia, card)

    assert tried_at(0) == 1
    assert tried_at(1) == 1

    bill.refresh_from_db()
    assert bill.state == "paid"
    invariants_hold()


def test_nothing_is_tried_without_the_wish(bill, mia, card):
    assert tried_at(0) == 0
    choose(mia, card)
    choose(mia, None)
    assert tried_at(9) == 0


def test_what_fails_is_tried_after_3_and_6_days_and_then_no_more(bill, mia, card, fake_gateway):
    choose(mia, card)
    fails_as(card, "declined")

    assert [tried_at(day) for day in (0, 1, 2, 3, 4, 5, 6, 7, 40)] == [1, 1, 1, 2, 2, 2, 3, 3, 3]

    numbers = Transaction.objects.order_by("pk").values_list("automatic_try", flat=True)
    assert list(numbers) == [0, 1, 2]
    assert len(fake_gateway.charges) == 3


def test_the_days_are_those_of_the_location(bill, mia, card, location):
    """Issued at 13:00 in Berlin: the third day begins there at 23:00 UTC the evening before."""
    choose(mia, card)
    fails_as(card, "declined")
    tried_at(0)

    assert tried_at(2.4) == 1  # 21:36 UTC, 22:36 in Berlin
    assert tried_at(2.5) == 2  # 00:00 UTC, 01:00 in Berlin


def test_a_run_that_was_away_for_a_week_tries_once(bill, mia, card):
    choose(mia, card)
    fails_as(card, "declined")

    assert tried_at(8) == 1


def test_what_the_bank_wants_confirmed_is_not_tried_again(bill, mia, card, fake_gateway):
    choose(mia, card)
    fails_as(card, "action")

    assert [tried_at(day) for day in (0, 3, 6)] == [1, 1, 1]

    assert Transaction.objects.get().failure_code == "authentication_required"
    assert len(fake_gateway.charges) == 1


def test_it_waits_for_a_payment_that_is_under_way(bill, mia, card, invariants_hold):
    choose(mia, card)
    fails_as(card, "lost_answer")
    charge = start_bill_charge(
        bill_id=bill.pk,
        key=uuid4(),
        order=CardOrder(card.connection_id, card.pk),
        seen_minor=bill.to_pay_minor,
        by=mia.user,
        at=NOON,
    )
    pay_charge(charge=charge, at=NOON)

    assert tried_at(0) == 0
    invariants_hold()


def test_a_failure_is_mailed_with_the_way_to_pay(bill, mia, card, mailoutbox, monkeypatch):
    choose(mia, card)
    fails_as(card, "action")
    owed = []
    monkeypatch.setattr("membership.tasks.send_soon", lambda task, **facts: owed.append(facts))

    pay_bills()
    send_bill_unpaid(**owed[0])

    [mail] = mailoutbox
    assert mail.to == [mia.user.email]
    assert bill.number in mail.subject
    assert f"/membership/bills/{bill.pk}/pay/" in mail.body
    assert "your bank can ask you" in mail.body
    assert len(owed) == 1
    pay_bills()
    assert len(owed) == 1


def test_only_an_own_kept_card_is_chosen(location, mia, card):
    stranger = CardFactory(
        customer=CustomerFactory(member__location=location), connection=card.connection
    )

    with pytest.raises(CardNotUsable):
        choose(mia, stranger)

    assert not AutoPay.objects.exists()


def test_a_card_that_is_removed_pays_nothing_more(bill, mia, card):
    choose(mia, card)
    remove_card(card=card)

    assert not AutoPay.objects.exists()
    assert tried_at(0) == 0


def test_the_same_card_entered_anew_goes_on_paying(mia, card):
    Card.objects.filter(pk=card.pk).update(fingerprint="print")
    choose(mia, card)
    anew = CardFactory(customer=mia.customer, connection=card.connection)
    Card.objects.filter(pk=anew.pk).update(fingerprint="print", state=Card.State.ENTERED)

    settle_entered_card(anew.pk, keep=True)

    assert AutoPay.objects.get().card == anew
