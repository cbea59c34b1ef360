"""Money that is not what was asked for: taken, or ended, by an admin and with a word."""

from dataclasses import replace

import pytest

from billing.models import CreditNote
from community.models import AuditRecord
from community.money import format_money
from credits.models import Wallet
from membership.services.events import process_event
from membership.services.paying import pay_charge, refresh_charge
from membership.services.reviewing import (
    MoneyNotThere,
    PaidAlready,
    fail_review,
    settle_review,
)
from membership.services.settlement import never_charged, settle_transaction
from payments.gateways.protocol import ChargeState, GatewayRefused
from payments.models import ReviewCase
from payments.services.reviewing import NotDecided, NoteMissing, ReviewClosed, close_review
from tests.factories import NOON, RoleFactory, pending_purchase
from tests.membership.shop import words
from tests.membership.states import again, state_of
from tests.membership.takings import event_of, taken


@pytest.fixture
def admin(card):
    return RoleFactory(location=card.location, kind="admin").user


@pytest.fixture
def purchase(card_that, fake_gateway):
    """Charged, and the answer got lost."""
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)
    return purchase


@pytest.fixture
def reported(purchase, fake_gateway):
    """Have the gateway report something else than was asked for; gives the case."""

    def report(**facts):
        say(purchase, fake_gateway, **facts)
        refresh_charge(charge=again(purchase).charge, at=NOON)
        return ReviewCase.objects.get()

    purchase.charge.card.reference = "card_ok"
    purchase.charge.card.save()
    return report


def say(purchase, fake_gateway, **facts):
    key = str(purchase.key)
    fake_gateway.charges[key] = replace(fake_gateway.charges[key], **facts)


def decide(case, admin, how=settle_review, note="Agreed with Mia"):
    how(case_id=case.pk, note=note, by=admin, at=NOON)


def test_more_money_than_asked_for_is_taken_for_it(purchase, reported, admin, invariants_hold):
    case = reported(amount_minor=purchase.total_minor + 100)
    assert state_of(purchase) == ("pending", "pending", "")

    decide(case, admin)

    assert state_of(purchase) == ("completed", "succeeded", "")
    assert Wallet.objects.get().balance == 10
    case.refresh_from_db()
    assert (case.note, case.closed_by) == ("Agreed with Mia", admin)
    assert AuditRecord.objects.filter(action="review settled", user=admin).count() == 1
    invariants_hold()


def settled_with_a_euro_more(purchase, reported, admin):
    decide(reported(amount_minor=purchase.total_minor + 100), admin)
    return again(purchase).charge


def give_back(charge, minor, reference, state="taken"):
    """Have the gateway tell of it; gives what is taken back of the charge by then."""
    told = taken(charge, minor, reference=reference, state=state)
    event = event_of(charge, taking=told)
    process_event(event_id=event.pk, at=NOON)
    event.refresh_from_db()
    assert event.error == ""
    charge.refresh_from_db()
    return charge.taken_back_minor, charge.extra_back_minor


def test_what_came_beyond_is_given_back_first_and_takes_no_credits(
    purchase, reported, admin, signed_in, invariants_hold
):
    charge = settled_with_a_euro_more(purchase, reported, admin)
    total = purchase.total_minor

    assert give_back(charge, 100, "re_1") == (0, 100)
    assert Wallet.objects.get().balance == 10
    assert not CreditNote.objects.exists()
    assert give_back(charge, total, "re_2") == (total, 100)

    assert Wallet.objects.get().balance == 0
    assert charge.left_minor == 0
    invariants_hold()


def test_all_that_came_is_given_back_at_once_and_returns(
    purchase, reported, admin, signed_in, invariants_hold
):
    charge = settled_with_a_euro_more(purchase, reported, admin)
    total = purchase.total_minor
    page = signed_in(admin).get(
        f"/{purchase.location.slug}/community/transactions/{charge.key}/refund/"
    )
    assert format_money(total + 100, "EUR") in words(page)

    assert give_back(charge, total + 100, "re_1") == (total, 100)
    assert CreditNote.objects.get().total_minor == total
    summed = {"charge": charge.reference, "amount_minor": total + 100}
    process_event(event_id=event_of(charge, type_="charge.refunded", refunded=summed).pk, at=NOON)
    assert give_back(charge, total + 100, "re_1", "returned") == (0, 0)

    assert Wallet.objects.get().balance == 10
    assert not ReviewCase.objects.open().exists()
    invariants_hold()


@pytest.mark.parametrize(
    "facts",
    [
        {"amount_minor": 1},
        {"currency": "USD"},
        {"livemode": True},
        {"amount_minor": 9999, "state": ChargeState.ACTION},
        {"amount_minor": 9999, "key": "018f0000-0000-7000-8000-000000000009"},
    ],
    ids=["less", "currency", "mode", "not_succeeded", "another_payment"],
)
def test_money_that_is_not_there_settles_nothing(purchase, reported, admin, facts):
    case = reported(**facts)

    with pytest.raises(MoneyNotThere):
        decide(case, admin)

    assert state_of(purchase) == ("pending", "pending", "")
    assert not Wallet.objects.exists()
    case.refresh_from_db()
    assert case.closed_at is None


def test_what_the_gateway_says_now_counts_and_not_what_it_said(
    purchase, reported, admin, fake_gateway
):
    case = reported(amount_minor=purchase.total_minor + 100)
    say(purchase, fake_gateway, amount_minor=1)

    with pytest.raises(MoneyNotThere):
        decide(case, admin)


def test_money_that_the_gateway_does_not_know_settles_nothing(
    purchase, reported, admin, fake_gateway
):
    case = reported(amount_minor=9999)
    fake_gateway.charges.clear()

    with pytest.raises(GatewayRefused):
        decide(case, admin)

    assert state_of(purchase) == ("pending", "pending", "")


def test_a_second_payment_is_neither_settled_nor_failed(
    purchase, reported, admin, fake_gateway, invariants_hold
):
    refresh_charge(charge=again(purchase).charge, at=NOON)
    assert state_of(purchase) == ("completed", "succeeded", "")
    case = ReviewCase.objects.create(
        location=purchase.location,
        charge=purchase.charge,
        reason="mismatch",
        expected={"reference": "pi_0"},
        reported={"reference": "pi_1"},
        noticed_at=NOON,
    )

    for how in (settle_review, fail_review):
        with pytest.raises(PaidAlready):
            decide(case, admin, how)

    assert Wallet.objects.get().balance == 10
    invariants_hold()


def test_a_payment_is_ended_and_stays_so(purchase, reported, admin, invariants_hold):
    case = reported(amount_minor=1)

    decide(case, admin, fail_review)
    refresh_charge(charge=again(purchase).charge, at=NOON)

    assert state_of(purchase) == ("failed", "failed", "failed_by_staff")
    assert AuditRecord.objects.filter(action="review failed").exists()
    assert ReviewCase.objects.count() == 1
    invariants_hold()


@pytest.mark.parametrize("how", [settle_review, fail_review])
def test_nothing_is_decided_without_a_word_or_twice(purchase, reported, admin, how):
    case = reported(amount_minor=purchase.total_minor + 100)

    with pytest.raises(NoteMissing):
        decide(case, admin, how, note=" ")
    assert state_of(purchase) == ("pending", "pending", "")
    decide(case, admin, fail_review)
    with pytest.raises((ReviewClosed, PaidAlready)):
        decide(case, admin, how)


def test_a_note_alone_does_not_close_a_payment_that_is_open(
    purchase, reported, admin, signed_in, invariants_hold
):
    case = reported(amount_minor=1)
    page = f"/{purchase.location.slug}/community/reviews/"
    browser = signed_in(admin)

    with pytest.raises(NotDecided):
        decide(case, admin, close_review)
    assert b"Only note" not in browser.get(page).content
    case.refresh_from_db()
    assert case.closed_at is None

    decide(case, admin, fail_review)  # it can still be decided
    assert state_of(purchase) == ("failed", "failed", "failed_by_staff")
    invariants_hold()


def test_what_is_about_a_payment_that_ended_is_only_noted(purchase, reported, admin, signed_in):
    case = reported(amount_minor=1)
    settle_transaction(
        transaction_id=purchase.charge_id,
        location_id=purchase.location_id,
        outcome=never_charged(again(purchase).charge, "abandoned"),
        at=NOON,
    )

    assert (
        b"Only note"
        in signed_in(admin).get(f"/{purchase.location.slug}/community/reviews/").content
    )
    decide(case, admin, close_review)

    case.refresh_from_db()
    assert case.closed_at == NOON


def test_a_resend_that_is_refused_does_not_undo_what_was_heard(purchase, card_that, fake_gateway):
    """Two ask at once: one hears that the bank wants a confirmation, the other is refused."""
    say(purchase, fake_gateway, state=ChargeState.ACTION)

    def hear_meanwhile():
        fake_gateway.on_charge = lambda: None
        card_that("needs_action")
        refresh_charge(charge=again(purchase).charge, at=NOON)
        raise GatewayRefused("rate_limit", "refused")

    fake_gateway.on_charge = hear_meanwhile
    refresh_charge(charge=again(purchase).charge, at=NOON)

    assert state_of(purchase) == ("pending", "pending", "")
    assert again(purchase).charge.reference == "pi_1"
    assert not ReviewCase.objects.exists()


def test_the_page_says_what_differs_and_takes_the_decision(
    purchase, reported, admin, signed_in, fake_gateway
):
    case = reported(amount_minor=purchase.total_minor + 100, livemode=False)
    client = signed_in(admin)
    page = f"/{purchase.location.slug}/community/reviews/"

    shown = words(client.get(page))
    refused = words(client.post(f"{page}{case.pk}/settle/", {"note": ""}, follow=True))
    settled = words(client.post(f"{page}{case.pk}/settle/", {"note": "Agreed"}, follow=True))

    assert "Not what was asked for" in shown
    assert "Amount: asked for €" in shown
    assert "Say what was done." in refused
    assert "Settled: what it was for is paid." in settled
    assert "Agreed" in settled


def test_the_page_says_that_the_gateway_does_not_have_the_money(
    purchase, reported, admin, signed_in, fake_gateway
):
    case = reported(amount_minor=9999, currency="XXX")
    client = signed_in(admin)
    page = f"/{purchase.location.slug}/community/reviews/"

    less = words(client.post(f"{page}{case.pk}/settle/?page=1", {"note": "Kept words"}))
    fake_gateway.charges.clear()
    gone = words(client.post(f"{page}{case.pk}/settle/", {"note": "x"}, follow=True))
    failed = words(client.post(f"{page}{case.pk}/fail/", {"note": "x"}, follow=True))

    assert ">Kept words</textarea>" in less
    assert "Nothing was changed." in less
    assert "gave no answer about this" in gone
    assert "The payment has failed." in failed
