"""What follows when a gateway reports that a purchase's money went back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import CreditNote, DocumentMail
from credits.models import Entry
from credits.services.spending import spend_credits
from membership.models import OwedCredits
from membership.services.events import EventWaits, process_event
from membership.services.paying import pay_charge
from notifications.models import Notification
from payments.models import ReviewCase, Transaction
from payments.services.reviewing import close_review
from tests.factories import NOON, RoleFactory, pending_purchase
from tests.membership.shop import words
from tests.membership.takings import books_of, event_of, taken, twelve_euros

LATER = NOON + timedelta(days=1)
AFTER = NOON + timedelta(days=2)


@pytest.fixture
def bought(card):
    purchase = pending_purchase(card=card, option=twelve_euros(card.location))
    pay_charge(charge=purchase.charge, at=NOON)
    purchase.refresh_from_db()
    return purchase


def report(purchase, amount_minor, **told):
    at = told.pop("at", LATER)
    charge = Transaction.objects.get(pk=purchase.charge_id)
    event = event_of(charge, taking=taken(charge, amount_minor, **told))
    process_event(event_id=event.pk, at=at)
    event.refresh_from_db()
    return event


def spend(purchase, credits, *, key="room"):
    spend_credits(customer=purchase.customer, credits=Decimal(credits), key=key, at=NOON)


def test_a_refund_takes_credits_revenue_and_what_the_receipt_says_with_it(bought, invariants_hold):
    report(bought, 1200)

    assert books_of(bought) == {
        "balance": 0,
        "reversed": 10,
        "owed": 0,
        "credited": 1200,
        "revenue": 0,
    }
    note = CreditNote.objects.get()
    assert (note.net_minor, note.tax_minor, note.receipt) == (1000, 200, bought.receipt)
    assert DocumentMail.objects.filter(credit_note=note, state="owed").count() == 1
    refund = Transaction.objects.get(kind="refund")
    assert (refund.charge_id, refund.amount_minor, refund.state) == (
        bought.charge_id,
        1200,
        "succeeded",
    )
    assert bought.state == "completed"
    invariants_hold()


def test_parts_count_together_and_are_rounded_down(bought, invariants_hold):
    report(bought, 401, reference="re_1")
    assert books_of(bought)["reversed"] == Decimal("3.34")

    report(bought, 401, reference="re_2")

    assert books_of(bought) == {
        "balance": Decimal("3.32"),
        "reversed": Decimal("6.68"),
        "owed": 0,
        "credited": 802,
        "revenue": 1000 - 668,
    }
    report(bought, 398, reference="re_3")
    assert books_of(bought)["balance"] == 0
    assert sum(note.tax_minor for note in CreditNote.objects.all()) == 200
    invariants_hold()


def test_what_was_spent_is_owed_and_the_balance_never_negative(bought, invariants_hold):
    spend(bought, 7)

    report(bought, 600)
    report(bought, 600, reference="re_2")

    assert books_of(bought)["balance"] == 0
    assert list(OwedCredits.objects.order_by("pk").values_list("credits", "state")) == [
        (Decimal(2), "open"),
        (Decimal(5), "open"),
    ]
    invariants_hold()


def test_only_the_purchase_s_own_credits_are_reversed(bought, card, invariants_hold):
    other = pending_purchase(card=card)
    pay_charge(charge=other.charge, at=NOON)
    spend(bought, 10)  # the older lot is gone, the other purchase's is whole

    report(bought, 1200)

    assert books_of(bought)["balance"] == other.credits
    assert OwedCredits.objects.get().credits == 10
    invariants_hold()


def test_told_again_it_changes_nothing(bought, invariants_hold):
    report(bought, 600)
    before = books_of(bought)

    report(bought, 600)

    assert books_of(bought) == before
    assert Transaction.objects.filter(kind="refund").count() == 1


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_money_that_returns_restores_exactly_what_was_taken(kind, bought, invariants_hold):
    spend(bought, 4)
    before = books_of(bought)
    report(bought, 1200, kind=kind)
    assert books_of(bought)["owed"] == 4

    report(bought, 1200, kind=kind, state="returned")

    assert books_of(bought) == before
    assert OwedCredits.objects.get().state == "lifted"
    cancelled, cancellation = CreditNote.objects.order_by("pk")
    assert (cancellation.cancels, cancellation.total_minor) == (cancelled, -1200)
    report(bought, 1200, kind=kind)
    assert books_of(bought) == before, "what returned stays returned"
    invariants_hold()


def test_money_that_returned_before_it_was_heard_to_be_taken_moves_nothing(bought, invariants_hold):
    before = books_of(bought)

    report(bought, 1200, kind="dispute", state="returned")
    report(bought, 1200, kind="dispute")

    assert books_of(bought) == before
    assert Transaction.objects.get(kind="dispute").state == "failed"
    assert not CreditNote.objects.exists()
    invariants_hold()


def test_credits_restored_after_their_time_go_on_with_the_time_they_had_left(card, invariants_hold):
    option = twelve_euros(card.location)
    option.expiry_months = 1
    option.save()
    bought = pending_purchase(card=card, option=option)
    pay_charge(charge=bought.charge, at=NOON)
    bought.refresh_from_db()
    report(bought, 600, at=NOON + timedelta(days=20))
    after = NOON + timedelta(days=60)

    report(bought, 600, state="returned", at=after)

    restored = Entry.objects.get(reason="restoration")
    assert (restored.credits, restored.lot.lapses_at) == (5, after + timedelta(days=10))
    assert restored.lot.paid_minor == 500
    report(bought, 1200, reference="re_2", at=after)
    assert OwedCredits.objects.get().credits == 5, "what lapsed is gone"
    invariants_hold()


@pytest.mark.parametrize(
    "facts",
    [{"amount_minor": 1201}, {"currency": "USD"}, {"livemode": True}, {"amount_minor": 0}],
    ids=["too much", "currency", "mode", "nothing"],
)
def test_a_refund_that_does_not_fit_goes_to_review_and_changes_nothing(
    facts, bought, invariants_hold
):
    before = books_of(bought)

    event = report(bought, **{"amount_minor": 600, **facts})

    case = ReviewCase.objects.get()
    assert (case.reason, case.about) == ("taken_back", "re_1")
    assert (books_of(bought), "reviews" in event.error) == (before, True)
    assert not Transaction.objects.filter(kind="refund").exists()
    invariants_hold()


def test_no_more_is_taken_back_than_was_paid(bought, invariants_hold):
    report(bought, 800)

    report(bought, 800, reference="re_2")

    assert books_of(bought)["credited"] == 800
    assert ReviewCase.objects.get().about == "re_2"
    invariants_hold()


def test_a_refund_of_another_account_goes_to_review(bought, fake_gateway):
    fake_gateway.account = "acct_of_somebody_else"

    report(bought, 600)

    case = ReviewCase.objects.get()
    assert (case.expected, case.reported["account"]) == (
        {"account": "acct_fake"},
        "acct_of_somebody_else",
    )
    assert books_of(bought)["reversed"] == 0


def test_a_refund_that_comes_before_the_payment_is_heard_of_settles_it_first(
    card_that, fake_gateway, invariants_hold
):
    card = card_that("loses_the_answer")
    purchase = pending_purchase(card=card, option=twelve_euros(card.location))
    pay_charge(charge=purchase.charge, at=NOON)
    charge = Transaction.objects.get(pk=purchase.charge_id)
    charge.reference = fake_gateway.charges[str(purchase.key)].reference
    event = event_of(charge, taking=taken(charge, 600))

    process_event(event_id=event.pk, at=LATER)

    assert books_of(purchase)["balance"] == 5
    invariants_hold()


def test_a_refund_of_somebody_else_s_charge_is_none_of_our_business(bought, fake_gateway):
    stranger = replace(fake_gateway.charges[str(bought.key)], reference="pi_theirs", key="theirs")
    fake_gateway.charges["theirs"] = replace(stranger, key="")
    charge = replace_reference(bought.charge, "pi_theirs")
    event = event_of(bought.charge, taking=taken(charge, 600))

    process_event(event_id=event.pk, at=LATER)

    event.refresh_from_db()
    assert (bool(event.processed_at), books_of(bought)["reversed"]) == (True, 0)


def replace_reference(charge, reference):
    charge.reference = reference
    return charge


def test_the_sum_of_refunds_waits_until_each_of_them_is_known(bought):
    charge = Transaction.objects.get(pk=bought.charge_id)
    told = {"charge": charge.reference, "amount_minor": 600}
    event = event_of(charge, type_="charge.refunded", refunded=told)

    with pytest.raises(EventWaits, match="a refund is not known yet"):
        process_event(event_id=event.pk, at=LATER)

    report(bought, 600)
    process_event(event_id=event.pk, at=LATER)
    event.refresh_from_db()
    assert event.processed_at == LATER


def test_the_sum_of_refunds_does_not_wait_for_one_that_is_under_review(bought, invariants_hold):
    """An admin noted 2.00 by hand, and then gave all 12.00 back at the gateway."""
    report(bought, 200, reference="Till 4")
    report(bought, 1200, reference="re_1")
    charge = Transaction.objects.get(pk=bought.charge_id)
    told = {"charge": charge.reference, "amount_minor": 1200}
    event = event_of(charge, type_="charge.refunded", refunded=told)

    process_event(event_id=event.pk, at=LATER)

    event.refresh_from_db()
    assert event.processed_at == LATER
    assert ReviewCase.objects.get().about == "re_1"
    assert books_of(bought)["credited"] == 200
    invariants_hold()


def test_the_sum_of_refunds_does_not_count_a_dispute_under_review(bought):
    report(bought, 800)
    report(bought, 600, reference="du_1", kind="dispute")
    charge = Transaction.objects.get(pk=bought.charge_id)
    told = {"charge": charge.reference, "amount_minor": 1200}
    event = event_of(charge, type_="charge.refunded", refunded=told)

    with pytest.raises(EventWaits):
        process_event(event_id=event.pk, at=LATER)


def test_a_refund_heard_of_before_its_dispute_was_won_is_followed_then(
    bought, signed_in, invariants_hold
):
    report(bought, 1200, reference="du_1", kind="dispute")
    report(bought, 900, reference="re_1")
    assert ReviewCase.objects.get().about == "re_1"

    report(bought, 1200, reference="du_1", kind="dispute", state="returned", at=AFTER)

    assert books_of(bought)["credited"] == 900
    assert books_of(bought)["reversed"] == Decimal("7.5")
    admin = RoleFactory(location=bought.location).user
    page = signed_in(admin).get(f"/{bought.location.slug}/community/reviews/")
    assert "It fits by now and was followed" in words(page)
    report(bought, 900, reference="re_1", at=AFTER)
    assert books_of(bought)["credited"] == 900
    invariants_hold()


def test_what_was_closed_by_staff_is_not_followed_later(bought, invariants_hold):
    report(bought, 1200, reference="du_1", kind="dispute")
    report(bought, 900, reference="re_1")
    admin = RoleFactory(location=bought.location).user
    close_review(case_id=ReviewCase.objects.get().pk, note="Cash", by=admin, at=LATER)

    report(bought, 1200, reference="du_1", kind="dispute", state="returned", at=AFTER)

    assert books_of(bought)["credited"] == 0
    invariants_hold()


def test_a_question_of_a_bank_is_told_to_admins_and_takes_nothing(bought, invariants_hold):
    admin = RoleFactory(location=bought.location).user
    before = books_of(bought)

    for _again in range(2):
        report(bought, 1200, kind="dispute", state="asked")

    told = Notification.objects.filter(kind="money_back")
    assert list(told.values_list("user_id", flat=True)) == [admin.pk]
    assert told[0].facts["what"] == "dispute_asked"
    assert books_of(bought) == before
    invariants_hold()


def test_whose_credits_were_reversed_is_told_and_so_is_the_admin(bought):
    admin = RoleFactory(location=bought.location).user
    spend(bought, 8)

    report(bought, 600)

    member = Notification.objects.get(kind="credits_reversed")
    assert member.user_id == bought.bought_by.user_id
    assert (member.facts["credits"], member.facts["owed"]) == ("2.00", "3.00")
    assert "€6.00" in member.facts["reason"]
    assert Notification.objects.get(user=admin).facts["owes"] is True
