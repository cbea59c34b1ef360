"""Bills that their customers pay at a gateway: one payment, whatever comes between."""

from uuid import uuid4

import pytest

from billing.models import BillPayment
from billing.services import BillNotToPay, issue_bill
from community.models import CompanyMember
from membership.models import Purchase
from membership.services.bill_charging import (
    BillChanged,
    NotTheirBill,
    start_bill_charge,
)
from membership.services.bill_credits import credit_bill
from membership.services.bill_payment import PaymentUnderWay, mark_bill_paid
from membership.services.companies import close_company
from membership.services.paying import (
    GIVE_UP_AFTER,
    give_up_charge,
    open_card_setup,
    pay_charge,
    refresh_charge,
)
from membership.services.purchases import CardOrder
from membership.services.refusals import CardNotUsable, MethodNotOpen
from payments.gateways.protocol import ChargeState
from payments.models import Card, GatewayConnection, ReviewCase, Transaction
from payments.services.cards import cards_to_detach, release_cards
from payments.services.reviewing import NoteMissing, ReviewClosed, close_review
from tests.factories import DISCONNECTED, NOON, CardFactory, ConnectionFactory, CustomerFactory
from tests.membership.office import Office
from tests.membership.tab import (
    LATER,
    balance_of,
    buy_by_bill,
    credits_come,
    plan_with_bill,
    received,
    revenue,
)


@pytest.fixture
def till(location, fake_gateway):
    return ConnectionFactory(location=location)


@pytest.fixture
def bill(location, mia):
    """An issued bill over 84.00: a fee, and a purchase whose credits came at once."""
    bill = plan_with_bill(mia.customer)
    buy_by_bill(mia)
    return issue_bill(bill_id=bill.pk, at=NOON)


@pytest.fixture
def card_of(till):
    def make(customer, reference=""):
        card = CardFactory(customer=customer, connection=till)
        if reference:
            Card.objects.filter(pk=card.pk).update(reference=f"{reference}_{card.pk}")
        return card

    return make


def start(bill, by, card=None, *, seen=None, at=NOON, connection=None, keep=False):
    connection_id = card.connection_id if card else connection.pk
    return start_bill_charge(
        bill_id=bill.pk,
        key=uuid4(),
        order=CardOrder(connection_id, card.pk if card else None, keep_card=keep),
        seen_minor=bill.to_pay_minor if seen is None else seen,
        by=by,
        at=at,
    )


def state_of(bill):
    bill.refresh_from_db()
    return bill.state


def mark(bill, admin):
    return mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=LATER)


def credit(bill, admin):
    item = bill.items.get(source="plans")
    return credit_bill(
        bill_id=bill.pk,
        wanted={item.pk: 1200},
        reason="Agreed",
        waive_spent=False,
        key="note",
        by=admin,
        at=LATER,
    )


def test_a_card_pays_all_of_the_bill(bill, mia, card_of, location, fake_gateway, invariants_hold):
    before = revenue(location)

    charge = start(bill, mia.user, card_of(mia.customer))
    outcome = pay_charge(charge=charge, at=NOON)

    assert outcome.state is ChargeState.SUCCEEDED
    assert state_of(bill) == "paid"
    payment = BillPayment.objects.get(bill=bill)
    assert (payment.method, payment.amount_minor, payment.currency) == ("gateway", 8400, "EUR")
    assert payment.reference.startswith("Visa")
    assert payment.recorded_by == mia.user
    assert [it.amount_minor for it in fake_gateway.charges.values()] == [8400]
    assert revenue(location) == before, "paying a bill is no sale"
    invariants_hold()


def test_credits_that_waited_come_with_the_payment(
    mia, card_of, location, fake_gateway, invariants_hold
):
    credits_come(location, "when_paid")
    bill = plan_with_bill(mia.customer)
    buy_by_bill(mia)
    bill = issue_bill(bill_id=bill.pk, at=NOON)

    pay_charge(charge=start(bill, mia.user, card_of(mia.customer)), at=NOON)

    assert balance_of(mia.customer) == 10
    assert Purchase.objects.get().state == "completed"
    invariants_hold()


def test_what_was_credited_is_not_charged(bill, mia, admin, card_of, fake_gateway):
    credit(bill, admin)
    bill.refresh_from_db()

    pay_charge(charge=start(bill, mia.user, card_of(mia.customer)), at=LATER)

    assert [it.amount_minor for it in fake_gateway.charges.values()] == [7200]
    assert state_of(bill) == "paid"


def test_a_declined_card_leaves_the_bill_to_pay(bill, mia, card_of, invariants_hold):
    charge = start(bill, mia.user, card_of(mia.customer, "declined"))
    pay_charge(charge=charge, at=NOON)

    charge.refresh_from_db()
    assert (charge.state, charge.failure_code) == ("failed", "insufficient_funds")
    assert state_of(bill) == "issued"

    pay_charge(charge=start(bill, mia.user, card_of(mia.customer)), at=LATER)
    assert state_of(bill) == "paid"
    invariants_hold()


def test_a_second_click_is_the_same_payment(bill, mia, card_of, fake_gateway):
    card = card_of(mia.customer)

    first = start(bill, mia.user, card)
    assert start(bill, mia.user, card) == first
    pay_charge(charge=first, at=NOON)

    with pytest.raises(BillNotToPay):
        start(bill, mia.user, card)
    assert len(fake_gateway.charges) == 1


def test_another_choice_ends_the_payment_that_was_left(bill, mia, card_of, till, invariants_hold):
    left = start(bill, mia.user, connection=till)
    open_card_setup(charge=left, at=NOON)

    pay_charge(charge=start(bill, mia.user, card_of(mia.customer)), at=NOON)
    pay_charge(charge=left, at=LATER)

    left.refresh_from_db()
    assert (left.state, left.failure_code) == ("failed", "replaced")
    assert left.card.state == Card.State.RELEASED
    assert state_of(bill) == "paid"
    invariants_hold()


def test_while_the_outcome_is_unknown_nothing_else_pays_it(
    bill, mia, admin, card_of, fake_gateway, invariants_hold
):
    card = card_of(mia.customer, "lost_answer")
    charge = start(bill, mia.user, card)
    assert pay_charge(charge=charge, at=NOON) is None

    assert start(bill, mia.user, card_of(mia.customer)) == charge
    for act in (mark, credit):
        with pytest.raises(PaymentUnderWay):
            act(bill, admin)
    assert state_of(bill) == "issued"

    Card.objects.filter(pk=card.pk).update(reference=f"found_{card.pk}")
    refresh_charge(charge=charge, at=LATER)
    assert state_of(bill) == "paid"
    assert len(fake_gateway.charges) == 1
    invariants_hold()


def test_a_card_that_is_only_being_entered_is_in_nobody_s_way(
    bill, mia, admin, till, fake_gateway, invariants_hold
):
    charge = start(bill, mia.user, connection=till)
    open_card_setup(charge=charge, at=NOON)
    mark(bill, admin)

    with pytest.raises(BillNotToPay):
        pay_charge(charge=charge, at=LATER)

    charge.refresh_from_db()
    assert (charge.state, charge.failure_code) == ("failed", "bill_paid")
    assert fake_gateway.charges == {}
    assert BillPayment.objects.get(bill=bill).method == "cash"
    invariants_hold()


def test_money_for_a_bill_that_was_paid_goes_to_review(
    bill, mia, admin, card_of, fake_gateway, invariants_hold
):
    charge = start(bill, mia.user, card_of(mia.customer, "action"))
    outcome = pay_charge(charge=charge, at=NOON)
    assert outcome.state is ChargeState.ACTION
    give_up_charge(charge=charge, at=NOON + GIVE_UP_AFTER)
    mark(bill, admin)
    fake_gateway.finish_action(outcome.reference, ChargeState.SUCCEEDED)

    refresh_charge(charge=charge, at=LATER)
    refresh_charge(charge=charge, at=LATER)

    charge.refresh_from_db()
    assert (charge.state, charge.is_surplus) == ("succeeded", True)
    assert BillPayment.objects.get(bill=bill).method == "cash"
    case = ReviewCase.objects.get()
    assert (case.charge, case.reason, case.closed_at) == (charge, "surplus", None)
    invariants_hold()


def test_a_review_is_closed_once_with_a_word(bill, mia, admin, till):
    charge = start(bill, mia.user, connection=till)
    case = ReviewCase.objects.create(
        location=bill.location, charge=charge, reason="surplus", noticed_at=NOON
    )

    with pytest.raises(NoteMissing):
        close_review(case_id=case.pk, note=" ", by=admin, at=LATER)
    close_review(case_id=case.pk, note="Paid back", by=admin, at=LATER)
    with pytest.raises(ReviewClosed):
        close_review(case_id=case.pk, note="Again", by=admin, at=LATER)

    case.refresh_from_db()
    assert (case.note, case.closed_by) == ("Paid back", admin)


def test_what_changed_meanwhile_is_not_charged(bill, mia, admin, card_of, till, fake_gateway):
    seen = bill.to_pay_minor
    entered = start(bill, mia.user, connection=till)
    open_card_setup(charge=entered, at=NOON)
    credit(bill, admin)

    with pytest.raises(BillChanged):
        start(bill, mia.user, card_of(mia.customer), seen=seen)
    with pytest.raises(BillChanged):
        pay_charge(charge=entered, at=LATER)

    assert fake_gateway.charges == {}
    assert state_of(bill) == "issued"


def test_only_an_own_kept_card_and_an_open_gateway_pay(bill, mia, card_of, location, till):
    stranger = CustomerFactory(member__location=location)

    with pytest.raises(CardNotUsable):
        start(bill, mia.user, card_of(stranger))
    GatewayConnection.objects.update(**DISCONNECTED)
    with pytest.raises(MethodNotOpen):
        start(bill, mia.user, connection=till)

    assert not Transaction.objects.exists()


def test_who_stops_managing_a_company_pays_none_of_its_bills(location, till, fake_gateway):
    office = Office(location)
    bill = plan_with_bill(office.customer)
    bill = issue_bill(bill_id=bill.pk, at=NOON)
    charge = start(bill, office.carl.user, CardFactory(customer=office.customer, connection=till))
    CompanyMember.objects.filter(company=office.company, member=office.cora).update(role="manager")
    CompanyMember.objects.filter(company=office.company, member=office.carl).update(role="member")

    with pytest.raises(NotTheirBill):
        pay_charge(charge=charge, at=LATER)

    assert fake_gateway.charges == {}
    assert state_of(bill) == "issued"


def test_nobody_pays_the_bill_of_another_member(bill, mia, card_of, location, fake_gateway):
    stranger = CustomerFactory(member__location=location).member
    charge = start(bill, stranger.user, card_of(mia.customer))

    with pytest.raises(NotTheirBill):
        pay_charge(charge=charge, at=LATER)

    assert fake_gateway.charges == {}
    assert state_of(bill) == "issued"


def test_a_new_card_is_kept_if_asked_for(bill, mia, till, fake_gateway):
    charge = start(bill, mia.user, connection=till, keep=True)
    open_card_setup(charge=charge, at=NOON)
    charge.refresh_from_db()

    pay_charge(charge=charge, at=NOON)

    assert state_of(bill) == "paid"
    assert Card.objects.kept().get().customer == mia.customer


@pytest.mark.parametrize("again", [{"keep": False}, {"card": True}])
def test_another_choice_is_not_taken_for_a_second_click(again, bill, mia, card_of, till):
    first = start(bill, mia.user, connection=till, keep=True)
    card = card_of(mia.customer) if again.pop("card", False) else None

    second = start(bill, mia.user, card, connection=till, **again)

    assert second != first
    first.refresh_from_db()
    assert first.failure_code == "replaced"
    assert (second.card, second.keep_card) == (card, False)


def test_a_kept_card_of_before_is_not_charged_for_a_new_one(bill, mia, card_of, till):
    first = start(bill, mia.user, card_of(mia.customer))

    assert start(bill, mia.user, connection=till).card is None

    first.refresh_from_db()
    assert first.state == "failed"


def test_a_closed_company_pays_and_keeps_no_card(location, till, fake_gateway):
    office = Office(location)
    bill = issue_bill(bill_id=plan_with_bill(office.customer).pk, at=NOON)
    close_company(company=office.company, by=None, at=NOON)
    charge = start(bill, office.carl.user, connection=till, keep=True)
    open_card_setup(charge=charge, at=NOON)
    charge.refresh_from_db()

    pay_charge(charge=charge, at=NOON)

    assert state_of(bill) == "paid"
    assert Card.objects.get().state == Card.State.RELEASED


def test_a_card_under_a_charge_is_not_detached(bill, mia, card_of):
    card = card_of(mia.customer, "action")
    charge = start(bill, mia.user, card)
    pay_charge(charge=charge, at=NOON)
    release_cards(customer=mia.customer)

    assert cards_to_detach(at=LATER) == []

    Transaction.objects.filter(pk=charge.pk).update(state="failed", settled_at=LATER)
    assert cards_to_detach(at=LATER) == [card.pk]


def test_a_card_that_was_entered_too_late_is_let_go(bill, mia, till, fake_gateway):
    left = start(bill, mia.user, connection=till)
    open_card_setup(charge=left, at=NOON)
    give_up_charge(charge=left, at=LATER)
    Card.objects.update(state=Card.State.DETACHED)  # nothing was entered when the sweeper looked

    pay_charge(charge=left, at=LATER)

    card = Card.objects.get()
    assert (card.state, bool(card.reference)) == (Card.State.RELEASED, True)
    assert fake_gateway.charges == {}
