"""What every gateway keeps to, by what it says it can do; the fake of the tests as well."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytest

from payments.gateways.fake import FakeGateway
from payments.gateways.protocol import (
    ChargeRequest,
    ChargeState,
    Credentials,
    Gateway,
    GatewayRefused,
    SetupState,
)
from payments.gateways.registry import ABILITIES, GATEWAYS
from payments.gateways.transfer import money_received, payment_reference
from payments.models import GatewayConnection
from tests.stack.test_stripe_standin.conftest import KEY, NUMBERS, Standin

CAN_CHARGE = [name for name, abilities in ABILITIES.items() if abilities.charges_cards]
CONFIRM_LATER = [name for name, abilities in ABILITIES.items() if abilities.confirms_later]


def test_every_gateway_that_can_be_connected_says_what_it_can_do():
    assert set(GatewayConnection.Gateway) == set(ABILITIES)


def test_a_gateway_charges_at_once_or_its_money_is_confirmed_later():
    assert sorted(CAN_CHARGE + CONFIRM_LATER) == sorted(ABILITIES)


def test_those_that_charge_cards_are_spoken_to_and_no_others():
    assert set(GATEWAYS) == set(CAN_CHARGE)


@pytest.mark.parametrize("name", ABILITIES)
def test_a_smallest_amount_is_above_nothing_and_in_a_currency_it_takes(name):
    abilities = ABILITIES[name]

    for currency, least in abilities.least_minor.items():
        assert abilities.takes_currency(currency)
        assert abilities.takes_amount(least, currency)
        assert not abilities.takes_amount(least - 1, currency)
    assert not abilities.takes_amount(0, "XTS")


@pytest.mark.parametrize("name", CONFIRM_LATER)
def test_checkouts_tell_them_apart_as_their_abilities_do(name):
    row = GatewayConnection(gateway=name)

    assert not ABILITIES[row.gateway].charges_cards
    assert row.gateway == GatewayConnection.Gateway.BANK_TRANSFER  # for_cards, for_transfers


@pytest.mark.parametrize("name", CONFIRM_LATER)
def test_a_reference_is_its_number_s_alone_and_what_came_bears_it(name):
    numbers = range(1, 3000)
    references = {payment_reference(number) for number in numbers}
    assert len(references) == len(numbers)

    came = money_received(
        reference=payment_reference(7), amount_minor=1200, currency="EUR", key="k"
    )

    assert (came.state, came.reference) == (ChargeState.SUCCEEDED, payment_reference(7))
    assert (came.amount_minor, came.currency) == (1200, "EUR")


@pytest.mark.parametrize("wrong", ["RF18539007547035", "RF81539007547034", "RF18539007574034"])
def test_a_slip_of_the_pen_makes_no_other_reference(wrong):
    right = payment_reference(539007547034)

    assert right == "RF18539007547034"  # the example of the standard
    assert wrong != payment_reference(int(wrong[4:]))


@dataclass
class Counter:
    """A gateway with a customer, and what its cards are called."""

    gateway: Gateway
    cards: dict[str, str]
    enter: Callable[[str], object] = lambda _setup: None

    @cached_property
    def customer(self):
        return self.gateway.create_customer(name="Mia", email="mia@h.test", key="mia")

    def charge(self, card="ok", *, key="k1"):
        return self.gateway.charge(
            ChargeRequest(
                amount_minor=1200,
                currency="EUR",
                customer=self.customer,
                card=self.cards[card],
                key=key,
                description="10 credits",
            )
        )


def counter_of_the_fake(_request):
    cards = {name: f"card_{name}" for name in ("ok", "declined", "action", "refused")}
    return Counter(FakeGateway(), cards)


def counter_of_stripe(request):
    """The real adapter over HTTP, in front of the stand-in."""
    standin = request.getfixturevalue("standin")
    account = f"contract{next(NUMBERS)}"
    api = standin.client(account).v1
    cards = {
        "ok": "pm_card_visa",
        "declined": "pm_card_chargeDeclined",
        "action": "pm_card_authenticationRequired",
        "refused": "pm_card_of_nobody",
    }
    return Counter(
        GATEWAYS["stripe"](Credentials(account, "pk_test_standin", KEY, standin.base(account))),
        cards,
        lambda setup: api.setup_intents.confirm(setup, {"payment_method": "pm_card_visa"}),
    )


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    running = Standin(tmp_path_factory.mktemp("standin") / "standin.sqlite3").start()
    yield running
    running.end(signal.SIGTERM)


COUNTERS = {"fake": counter_of_the_fake, "stripe": counter_of_stripe}


@pytest.fixture(params=COUNTERS)
def counter(request):
    return COUNTERS[request.param](request)


def test_every_gateway_that_charges_cards_is_at_a_counter():
    assert set(COUNTERS) == {"fake", *CAN_CHARGE}


def test_a_customer_is_made_once_per_key(counter):
    again = counter.gateway.create_customer(name="Mia", email="mia@h.test", key="mia")

    assert again == counter.customer


def test_a_card_is_entered_once_per_key_and_then_known(counter):
    first, second = (
        counter.gateway.open_setup(customer=counter.customer, key="s1") for _ in range(2)
    )
    counter.enter(first.reference)

    entered = counter.gateway.read_setup(first.reference)

    assert first.reference == second.reference
    assert (entered.state, entered.card.last4) == (SetupState.READY, "4242")


def test_a_charge_is_made_once_per_key_and_can_be_read(counter):
    first, second = counter.charge(), counter.charge()

    assert first.reference == second.reference
    read = counter.gateway.read_charge(first.reference)
    assert read.state is ChargeState.SUCCEEDED
    assert (read.amount_minor, read.currency, read.key) == (1200, "EUR", "k1")
    assert not read.livemode


def test_a_declined_card_is_an_outcome(counter):
    outcome = counter.charge("declined")

    assert outcome.state is ChargeState.FAILED
    assert outcome.failure_code


def test_a_refused_request_is_no_outcome(counter):
    with pytest.raises(GatewayRefused):
        counter.charge("refused")


def test_an_unfinished_charge_can_be_stopped_for_good(counter):
    waiting = counter.charge("action")
    assert waiting.state is ChargeState.ACTION

    assert counter.gateway.cancel_charge(waiting.reference).state is ChargeState.FAILED


def test_what_succeeded_can_not_be_stopped(counter):
    done = counter.charge()

    assert counter.gateway.cancel_charge(done.reference).state is ChargeState.SUCCEEDED


def test_what_was_collected_is_listed_and_nothing_else(counter):
    since = datetime.now(UTC) - timedelta(hours=1)
    collected = [counter.charge(key=f"k{number}") for number in range(3)]
    counter.charge("declined", key="k-declined")
    counter.charge("action", key="k-action")

    listed = counter.gateway.collected_charges(since=since)

    assert sorted(it.reference for it in listed) == sorted(it.reference for it in collected)
    assert {(it.amount_minor, it.currency) for it in listed} == {(1200, "EUR")}


def test_a_card_is_forgotten_twice_without_an_error(counter):
    counter.gateway.detach_card("pm_forgotten")
    counter.gateway.detach_card("pm_forgotten")
