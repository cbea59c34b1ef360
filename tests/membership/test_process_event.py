from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django_scopes import scope

from credits.models import Wallet
from membership.models import Purchase
from membership.services.events import EventWaits, process_event
from membership.services.paying import pay_charge
from payments.gateways.protocol import GatewayUnavailable
from payments.models import GatewayConnection, GatewayEvent, ReviewCase
from payments.services.events import NO_ROW
from payments.tasks import (
    RunIncomplete,
    fetch_missed_events,
    process_gateway_event,
    sweep_events,
)
from tests.factories import (
    DISCONNECTED,
    NOON,
    CardFactory,
    ConnectionFactory,
    pending_purchase,
)


@pytest.fixture
def purchase(card_that):
    """Charged, but the answer got lost: only the webhook knows."""
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)
    return purchase


def event_about(purchase, *, reference="evt_1", key=None):
    return GatewayEvent.objects.create(
        location_id=purchase.location_id,
        connection=purchase.charge.connection,
        reference=reference,
        kind="payment_intent.succeeded",
        payload={
            "id": reference,
            "type": "payment_intent.succeeded",
            "key": key or str(purchase.key),
        },
        received_at=NOON,
    )


def state():
    return Purchase.objects.get().state


def test_an_event_completes_its_purchase_and_is_marked_with_it(purchase, invariants_hold):
    event = event_about(purchase)

    process_event(event_id=event.pk, at=NOON)

    event.refresh_from_db()
    assert (state(), event.processed_at) == ("completed", NOON)
    invariants_hold()


def test_an_event_is_processed_once(purchase):
    event = event_about(purchase)
    process_event(event_id=event.pk, at=NOON)

    process_event(event_id=event.pk, at=NOON + timedelta(hours=1))

    event.refresh_from_db()
    assert event.processed_at == NOON
    assert Wallet.objects.get().balance == 10


def test_a_second_event_about_the_same_charge_changes_nothing(purchase, invariants_hold):
    first, second = event_about(purchase), event_about(purchase, reference="evt_2")

    process_event(event_id=second.pk, at=NOON)
    process_event(event_id=first.pk, at=NOON)

    assert Wallet.objects.get().balance == 10
    invariants_hold()


def test_an_effect_that_is_undone_leaves_the_event_waiting(purchase, monkeypatch):
    event = event_about(purchase)

    def burn(**_facts):
        raise RuntimeError

    monkeypatch.setattr("membership.services.settlement.update_completed", burn)
    with pytest.raises(RuntimeError):
        process_event(event_id=event.pk, at=NOON)

    event.refresh_from_db()
    assert (state(), event.processed_at) == ("pending", None)


@pytest.mark.parametrize(
    "facts",
    [{"amount_minor": 1}, {"currency": "USD"}, {"livemode": True}],
    ids=["amount", "currency", "mode"],
)
def test_money_that_does_not_match_goes_to_review_once(purchase, facts, fake_gateway):
    key = str(purchase.key)
    fake_gateway.charges[key] = replace(fake_gateway.charges[key], **facts)
    first, second = event_about(purchase), event_about(purchase, reference="evt_2")

    for event in (first, second):
        process_gateway_event(location_id=event.location_id, event_id=event.pk)

    [case] = ReviewCase.objects.all()
    [(name, value)] = facts.items()
    assert (case.charge, case.reason) == (purchase.charge, "mismatch")
    assert (case.reported[name], case.expected[name]) == (value, expected(purchase)[name])
    first.refresh_from_db()
    assert (state(), bool(first.processed_at)) == ("pending", True)
    assert "reviews" in first.error


def expected(purchase):
    return {"amount_minor": purchase.total_minor, "currency": "EUR", "livemode": False}


def test_a_second_payment_of_what_is_paid_goes_to_review(purchase, fake_gateway, invariants_hold):
    """Its key was forgotten and it was charged once more, or somebody copied the metadata."""
    process_event(event_id=event_about(purchase).pk, at=NOON)
    key = str(purchase.key)
    fake_gateway.charges[key] = replace(fake_gateway.charges[key], reference="pi_again")

    process_event(event_id=event_about(purchase, reference="evt_2").pk, at=NOON)

    case = ReviewCase.objects.get()
    assert (case.expected["reference"], case.reported["reference"]) == ("pi_1", "pi_again")
    assert Wallet.objects.get().balance == 10
    invariants_hold()


def test_money_of_ours_in_another_account_goes_to_review(purchase, fake_gateway):
    fake_gateway.account = "acct_of_somebody_else"

    process_event(event_id=event_about(purchase).pk, at=NOON)

    case = ReviewCase.objects.get()
    assert case.expected == {"account": "acct_fake"}
    assert case.reported["account"] == "acct_of_somebody_else"
    assert state() == "pending"


def test_an_event_of_another_account_waits(purchase, fake_gateway):
    event = event_about(purchase, key="nothing")
    fake_gateway.account = "acct_of_somebody_else"
    fake_gateway.charges.clear()

    with pytest.raises(EventWaits, match="another account"):
        process_event(event_id=event.pk, at=NOON)

    assert state() == "pending"


def test_money_of_ours_that_is_not_known_waits(purchase, fake_gateway):
    key = str(uuid4())
    fake_gateway.charges[key] = replace(
        fake_gateway.charges[str(purchase.key)], key=key, reference="pi_lost"
    )

    with pytest.raises(EventWaits, match="no charge of ours"):
        process_event(event_id=event_about(purchase, key=key).pk, at=NOON)


def test_money_of_ours_that_has_no_row_is_put_aside_in_the_end(purchase, fake_gateway):
    """A backup was restored, or another installation shares the account."""
    key = str(uuid4())
    fake_gateway.charges[key] = replace(
        fake_gateway.charges[str(purchase.key)], key=key, reference="pi_lost"
    )
    event = event_about(purchase, key=key)

    process_event(event_id=event.pk, at=NOON + timedelta(minutes=10))

    event.refresh_from_db()
    assert (event.processed_at, event.error) == (NOON + timedelta(minutes=10), NO_ROW)
    assert state() == "pending"


def test_an_event_that_meets_a_bug_keeps_no_other_from_its_turn(purchase, monkeypatch):
    broken, good = event_about(purchase, reference="evt_0"), event_about(purchase)

    def process(*, event_id, at):
        if event_id == broken.pk:
            raise RuntimeError
        process_event(event_id=event_id, at=at)

    monkeypatch.setattr("payments.tasks.process_event", process)
    with pytest.raises(RunIncomplete):
        sweep_events()

    good.refresh_from_db()
    broken.refresh_from_db()
    assert (state(), bool(good.processed_at)) == ("completed", True)
    assert (broken.attempts, broken.error, broken.processed_at) == (1, "RuntimeError", None)


def test_money_of_somebody_else_is_none_of_our_business(purchase):
    event = event_about(purchase, key="nothing")

    process_event(event_id=event.pk, at=NOON)

    event.refresh_from_db()
    assert (state(), event.processed_at) == ("pending", NOON)


def test_a_charge_can_not_be_settled_by_another_connection_s_event(purchase, invariants_hold):
    """One location's admin signs an event about another location's charge."""
    elsewhere = CardFactory()
    with scope(location=elsewhere.location):
        forged = event_about(pending_purchase(card=elsewhere), key=str(purchase.key))

        with pytest.raises(EventWaits, match="no charge of ours"):
            process_event(event_id=forged.pk, at=NOON)

    with scope(location=purchase.location):
        assert state() == "pending"


def test_an_event_is_processed_after_its_gateway_was_disconnected(purchase):
    GatewayConnection.objects.update(**DISCONNECTED)

    process_event(event_id=event_about(purchase).pk, at=NOON)

    assert state() == "completed"


def test_the_sweeper_takes_what_no_worker_took(purchase, invariants_hold):
    event_about(purchase)

    sweep_events()

    assert state() == "completed"
    invariants_hold()


def test_an_event_that_did_not_come_is_fetched_and_processed_once(
    purchase, fake_gateway, invariants_hold
):
    missed = {"id": "evt_1", "type": "payment_intent.succeeded", "key": str(purchase.key)}
    fake_gateway.missed.append(missed)

    fetch_missed_events()
    fetch_missed_events()

    event = GatewayEvent.objects.get()
    assert (state(), bool(event.processed_at), event.payload) == ("completed", True, missed)
    assert Wallet.objects.get().balance == 10
    invariants_hold()


def test_a_silent_gateway_keeps_no_other_from_being_asked(purchase, fake_gateway, monkeypatch):
    first, second = purchase.charge.connection, ConnectionFactory()
    assert first.pk < second.pk
    asked = []

    def missed_events(*, since):
        asked.append(since)
        raise GatewayUnavailable

    monkeypatch.setattr(fake_gateway, "missed_events", missed_events)
    fetch_missed_events()

    assert len(asked) == 2


def test_a_gateway_that_sends_no_webhooks_is_not_asked_what_it_missed(purchase, fake_gateway):
    GatewayConnection.objects.update(webhook_secret="")
    fake_gateway.missed.append({"id": "evt_1", "type": "x", "key": str(purchase.key)})

    fetch_missed_events()

    assert not GatewayEvent.objects.exists()
