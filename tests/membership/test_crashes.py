"""A process that dies between any two steps of a card's path leaves what the next one finishes.

A child does the buying and kills itself at the step; then the sweep runs and the buyer sends the
same form again. Whatever the step, it ends as if nothing had happened.
"""

import os
import signal
from datetime import timedelta
from uuid import uuid4

import pytest
import requests
from django.db import connection
from django.utils.timezone import now
from django_scopes import scope

from billing.models import Receipt
from credits.models import Entry, Wallet
from drills.steps import STEPS, kill_ourselves
from membership.models import Purchase
from membership.services.events import process_event
from membership.services.paying import ask_about_charge, charges_to_ask_about, pay_charge
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import quote_option
from payments.models import GatewayCustomer, GatewayEvent, Transaction
from payments.tasks import sweep_events
from tests.factories import CardFactory, ConnectionFactory, CustomerFactory, OptionFactory
from tests.stack.test_stripe_standin.conftest import KEY, set_up, shared_standin  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNT = "crashes"
SETTLING = [name for name, step in STEPS.items() if ".settlement:" in step.function]


@pytest.fixture
def card(shared_standin, settings):  # noqa: F811
    """A kept card at the stand-in, spoken to over HTTP: its memory outlives our processes."""
    settings.STRIPE_API_BASE = shared_standin.root
    api = shared_standin.client(ACCOUNT).v1
    customer = CustomerFactory()
    at_stripe = api.customers.create({"name": "Mia"}).id
    gateway = ConnectionFactory(
        location=customer.location,
        account=api.accounts.retrieve_current().id,
        api_base=f"/accounts/{ACCOUNT}",
        secret_key=KEY,
    )
    with scope(location=customer.location):
        GatewayCustomer.objects.create(
            location=customer.location, connection=gateway, customer=customer, reference=at_stripe
        )
        yield CardFactory(
            customer=customer, connection=gateway, reference=set_up(api, at_stripe, "visa")
        )


@pytest.fixture
def buy(card):
    """Send the checkout's form, the same for the same key."""
    option = OptionFactory(location=card.location)

    def send(key):
        purchase = start_purchase(
            member=card.customer.member,
            option_id=option.pk,
            order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
            seen=quote_option(option, card.location),
            key=key,
            at=now(),
        )
        pay_charge(charge=purchase.charge, at=now())
        return purchase

    return send


@pytest.fixture
def charged(shared_standin):  # noqa: F811
    """How often the gateway has collected for a key."""

    def count(key):
        book = requests.get(f"{shared_standin.base(ACCOUNT)}/_book", timeout=5).json()["data"]
        return sum(movement["metadata"].get("deskmint_key") == str(key) for movement in book)

    return count


def dies_at(name, does):
    """Do it in a child that is killed at this step; tells whether it was."""
    child = os.fork()
    if child:
        return os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    try:
        inherited, connection.connection = (
            connection.connection,
            None,
        )  # it is the parent's to close
        STEPS[name].die_here(kill_ourselves)
        does()
    finally:
        os._exit(1 if inherited else 0)


def sweep():
    soon = now() + timedelta(minutes=2)
    for _location, charge_id in charges_to_ask_about(at=soon, older_than=timedelta(minutes=1)):
        ask_about_charge(charge_id=charge_id, at=soon)


def test_a_crash_at_any_step_of_buying_ends_as_if_there_had_been_none(
    card, buy, charged, invariants_hold
):
    keys = {name: uuid4() for name in STEPS}
    left = {}
    for name, key in keys.items():
        assert dies_at(name, lambda key=key: buy(key)), name
        found = Purchase.objects.filter(key=key).first()
        left[name] = found.state if found else None
    assert set(left.values()) == {None, "pending", "completed"}, left

    sweep()
    states = dict(Purchase.objects.values_list("key", "state"))
    assert {
        name for name, key in keys.items() if charged(key) and states[key] != "completed"
    } == set()
    for key in keys.values():
        buy(key)

    ended = {
        name: (Purchase.objects.get(key=key).state, charged(key)) for name, key in keys.items()
    }
    assert ended == dict.fromkeys(STEPS, ("completed", 1))
    assert Wallet.objects.get().balance == 10 * len(STEPS)
    assert Entry.objects.count() == Receipt.objects.count() == len(STEPS)
    assert not Transaction.objects.filter(state=Transaction.State.PENDING).exists()
    invariants_hold()


def test_a_worker_that_dies_over_an_event_leaves_it_to_the_next(
    card, buy, charged, fake_event, invariants_hold
):
    for name in SETTLING:
        event = fake_event()

        assert dies_at(name, lambda event=event: process_event(event_id=event.pk, at=now())), name
        event.refresh_from_db()
        assert event.processed_at is None, name

    sweep_events()

    assert set(Purchase.objects.values_list("state", flat=True)) == {"completed"}
    assert not GatewayEvent.objects.filter(processed_at=None).exists()
    assert Wallet.objects.get().balance == 10 * len(SETTLING)
    invariants_hold()


@pytest.fixture
def fake_event(card, buy, shared_standin, monkeypatch):  # noqa: F811
    """The webhook of a purchase whose page heard nothing of the charge."""
    api = shared_standin.client(ACCOUNT).v1

    def arrive():
        key = uuid4()
        with monkeypatch.context() as patch:
            patch.setattr("membership.services.paying._settle", lambda *_args, **_facts: None)
            buy(key)
        told = next(
            event
            for event in api.events.list({"type": "payment_intent.succeeded"}).data
            if event.data.object["metadata"]["deskmint_key"] == str(key)
        )
        return GatewayEvent.objects.create(
            location=card.location,
            connection=card.connection,
            reference=told.id,
            kind=told.type,
            payload=told.to_dict(),
            received_at=now(),
        )

    return arrive
