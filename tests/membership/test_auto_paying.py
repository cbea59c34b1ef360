"""Bills that pay themselves: when they are tried, how often, and when no more."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction

from billing.models import DocumentMail
from billing.services import issue_bill
from membership.services.auto_paying import bills_to_try, choose_auto_pay, try_bill
from membership.services.bill_charging import (
    AutoPayEnded,
    start_automatic_charge,
    start_bill_charge,
)
from membership.services.bill_payment import mark_bill_paid
from membership.services.companies import NoLongerManager
from membership.services.document_mails import mail_document
from membership.services.leaving import leave_location
from membership.services.paying import pay_charge, refresh_charge
from membership.services.purchases import CardOrder
from membership.services.refusals import CardNotUsable
from membership.tasks import BillsNotTried, pay_bills
from payments.models import AutoPay, Card, ReviewCase, Transaction
from payments.services.cards import remove_card, settle_entered_card
from tests.factories import (
    NOON,
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    DetailsFactory,
)
from tests.membership.office import Office
from tests.membership.tab import plan_with_bill, received

DAY = timedelta(days=1)


@pytest.fixture
def till_of(location, fake_gateway):
    return ConnectionFactory(location=location)


@pytest.fixture
def card(mia, till_of):
    return CardFactory(customer=mia.customer, connection=till_of)


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
        try_bill(bill_id=bill_id, key=uuid4(), at=at)
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


def test_runs_that_come_late_keep_the_pause(bill, mia, card):
    choose(mia, card)
    fails_as(card, "declined")

    assert [tried_at(day) for day in (8, 8, 8.1)] == [1, 1, 1]
    assert [tried_at(day) for day in (10, 11, 11.1, 14, 30)] == [1, 2, 2, 3, 3]


def test_what_was_issued_before_it_was_chosen_is_not_paid_by_itself(mia, card, location):
    old = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON - timedelta(minutes=1))
    choose(mia, card)

    assert [tried_at(day) for day in (0, 3, 6)] == [0, 0, 0]
    old.refresh_from_db()
    assert old.state == "issued"


def test_another_card_goes_on_with_the_wish_of_before(bill, mia, card):
    choose(mia, card)
    fails_as(card, "declined")
    tried_at(0)
    other = CardFactory(customer=mia.customer, connection=card.connection)

    choose_auto_pay(customer=mia.customer, card_id=other.pk, by=mia.user, at=NOON + DAY)

    assert tried_at(3) == 2
    bill.refresh_from_db()
    assert bill.state == "paid"


def test_a_bill_that_nobody_was_asked_for_in_its_time_is_left_to_its_payer(bill, mia, card):
    choose(mia, card)

    assert tried_at(9) == 0


def test_a_wish_that_is_withdrawn_before_the_charge_charges_nothing(bill, mia, card, fake_gateway):
    choose(mia, card)
    charge = start_automatic_charge(bill_id=bill.pk, tries=3, key=uuid4(), at=NOON)
    choose(mia, None)

    with pytest.raises(AutoPayEnded):
        pay_charge(charge=charge, at=NOON)
    with pytest.raises(AutoPayEnded):
        start_automatic_charge(bill_id=bill.pk, tries=3, key=uuid4(), at=NOON)

    assert fake_gateway.charges == {}
    charge.refresh_from_db()
    assert charge.failure_code == "auto_pay_ended"


def test_who_leaves_is_charged_no_more(bill, mia, card, fake_gateway):
    choose(mia, card)

    leave_location(member=mia, at=NOON)

    assert not AutoPay.objects.exists()
    assert not Card.objects.kept().exists()
    assert tried_at(0) == 0


def test_a_review_of_the_bill_holds_it(bill, mia, card):
    choose(mia, card)
    charge = start_bill_charge(
        bill_id=bill.pk,
        key=uuid4(),
        order=CardOrder(card.connection_id, card.pk),
        seen_minor=bill.to_pay_minor,
        by=mia.user,
        at=NOON,
    )
    Transaction.objects.filter(pk=charge.pk).update(state="failed", settled_at=NOON)
    ReviewCase.objects.create(
        location=bill.location, charge=charge, reason="surplus", noticed_at=NOON
    )

    assert tried_at(0) == 0


def test_a_bug_about_one_bill_keeps_no_other_from_being_paid(location, monkeypatch):
    tried = []

    def broken_first(*, bill_id, key, at):
        tried.append(bill_id)
        if len(tried) == 1:
            raise RuntimeError("a bug")

    due = [(location.pk, 1), (location.pk, 2)]
    monkeypatch.setattr("membership.tasks.bills_to_try", lambda at: due)
    monkeypatch.setattr("membership.tasks.try_bill", broken_first)

    with pytest.raises(BillsNotTried):
        pay_bills()
    assert tried == [1, 2]


def test_a_try_that_was_not_heard_is_sent_again_in_the_same_words(
    bill, mia, card, fake_gateway, monkeypatch
):
    choose(mia, card)
    fails_as(card, "lost_answer")
    sent, charge = [], fake_gateway.charge
    monkeypatch.setattr(fake_gateway, "charge", lambda it: sent.append(it) or charge(it))

    key = uuid4()
    tried = try_bill(bill_id=bill.pk, key=key, at=NOON)
    refresh_charge(charge=tried, at=NOON + timedelta(hours=1))

    assert [it.key for it in sent] == [str(key)] * 2
    assert sent[0] == sent[1]


def test_a_copy_of_the_installation_uses_no_key_of_the_other(bill, mia, card, fake_gateway):
    choose(mia, card)

    with time_machine.travel(NOON):
        with transaction.atomic():
            pay_bills()
            transaction.set_rollback(True)
        pay_bills()

    assert len(fake_gateway.charges) == 2


def test_managers_choose_it_for_their_company_while_they_are(location, mia, till_of):
    office = Office(location)
    card = CardFactory(customer=office.customer, connection=till_of)
    chosen = {"customer": office.customer, "card_id": card.pk, "at": NOON}

    choose_auto_pay(by=office.carl.user, **chosen)
    for nobody in (office.cora.user, mia.user):
        with pytest.raises(NoLongerManager):
            choose_auto_pay(by=nobody, **chosen)
    type(office.carl).objects.filter(pk=office.carl.pk).update(state="suspended")
    with pytest.raises(NoLongerManager):
        choose_auto_pay(by=office.carl.user, **(chosen | {"card_id": None}))

    assert AutoPay.objects.get().card == card


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


def test_a_failure_owes_a_mail_to_whom_documents_go(bill, mia, card, mailoutbox):
    """However it is learnt of: here the answer was lost, and the sweeper asks later."""
    choose(mia, card)
    DetailsFactory(customer=mia.customer, emails=["books@h.test"])
    fails_as(card, "lost_answer_declined")
    tried_at(0)
    assert not DocumentMail.objects.filter(kind="unpaid").exists()
    charge = Transaction.objects.get()
    fails_as(card, "declined")

    refresh_charge(charge=charge, at=NOON)
    mail = DocumentMail.objects.get(kind="unpaid")
    mail_document(mail_id=mail.pk, at=NOON)

    [sent] = [it for it in mailoutbox if "not paid yet" in it.subject]
    assert sent.to == ["books@h.test"]
    assert "not enough funds" in sent.body
    assert "with this card or another one" in sent.body


def test_what_the_bank_wants_confirmed_is_mailed_with_the_link(bill, mia, card, mailoutbox):
    choose(mia, card)
    fails_as(card, "action")
    tried_at(0)

    mail_document(mail_id=DocumentMail.objects.get(kind="unpaid").pk, at=NOON)

    [sent] = mailoutbox
    assert f"/membership/bills/{bill.pk}/" in sent.body
    assert "where your bank can ask you" in sent.body


def test_a_mail_of_a_bill_that_is_paid_by_now_is_not_sent(bill, mia, card, admin, mailoutbox):
    choose(mia, card)
    fails_as(card, "declined")
    tried_at(0)
    mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=NOON)

    mail_document(mail_id=DocumentMail.objects.get(kind="unpaid").pk, at=NOON)

    assert mailoutbox == []


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
