"""What every gateway keeps to, by what it says it can do; the fake of the tests as well."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytest

from payments.gateways.fake import FakeGateway
from payments.gateways.protocol import (
    Breach,
    ChargeRequest,
    ChargeState,
    Credentials,
    CustomerGone,
    EventNotGenuine,
    Gateway,
    GatewayRefused,
    Limit,
    SetupState,
)
from payments.gateways.registry import (
    KINDS,
    abilities_of,
    that_are_spoken_to,
    that_charge_cards,
    that_confirm_later,
)
from payments.gateways.transfer import money_received, payment_reference
from tests.redirect_gateway.server import KEY as HARBOUR_KEY
from tests.stack.test_stripe_standin.conftest import KEY, NUMBERS, Standin

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
CONFIRM_LATER = that_confirm_later()


def test_a_gateway_charges_cards_redirects_or_its_money_is_confirmed_later():
    for kind in KINDS.values():
        abilities = kind.abilities
        ways = [abilities.charges_cards, abilities.redirects, abilities.confirms_later]
        assert sum(ways) == 1


def test_all_are_spoken_to_but_those_of_which_people_tell():
    assert {*that_are_spoken_to(), *CONFIRM_LATER} == set(KINDS)
    assert not {*that_are_spoken_to()} & {*CONFIRM_LATER}


def test_a_gateway_that_is_spoken_to_asks_for_a_key_in_its_form():
    assert all(KINDS[name].secret_label for name in that_are_spoken_to())


@pytest.mark.parametrize("name", KINDS)
def test_limits_are_of_currencies_it_takes_and_leave_something_between(name):
    abilities = abilities_of(name)
    limits = (abilities.least_minor, abilities.most_minor, abilities.step_minor)

    for currency in {currency for limit in limits for currency in limit}:
        assert abilities.takes_currency(currency)
    for currency, least in abilities.least_minor.items():
        assert abilities.breach(least, currency) is None
        assert abilities.breach(least - 1, currency) == Breach(Limit.LEAST, least)
    for currency, most in abilities.most_minor.items():
        assert abilities.breach(most, currency) is None
        assert abilities.breach(most + 1, currency) == Breach(Limit.MOST, most)
    for currency, step in abilities.step_minor.items():
        assert abilities.breach(step * 1000, currency) is None
        assert abilities.breach(step * 1000 + 1, currency) == Breach(Limit.STEP, step)
    assert abilities.breach(0, "XTS") == Breach(Limit.LEAST, 1)


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
    """A gateway, and how its buyers fare: `ok`, `declined`, `action` (not finished), `refused`."""

    gateway: Gateway
    cards: dict[str, str] = field(default_factory=dict)
    enter: Callable[[str], object] = lambda _setup: None
    pay: Callable[[str, str], object] = lambda _reference, _how: None
    delete: Callable[[str], object] = lambda _customer: None

    @cached_property
    def customer(self):
        if not self.cards:
            return ""
        return self.gateway.create_customer(name="Mia", email="mia@h.test", key="mia")

    def charge(self, how="ok", *, key="k1"):
        charged = self.gateway.charge(
            ChargeRequest(
                amount_minor=1200,
                currency="XTS" if how == "refused" and not self.cards else "EUR",
                key=key,
                description="10 credits",
                customer=self.customer,
                card=self.cards.get(how, ""),
                return_url="https://h.test/back/",
                notify_url="https://h.test/webhooks/",
            )
        )
        self.pay(charged.reference, how)
        return self.gateway.read_charge(charged.reference)


def counter_of_the_fake(_request):
    cards = {name: f"card_{name}" for name in ("ok", "declined", "action", "refused")}
    gateway = FakeGateway()
    return Counter(gateway, cards, delete=gateway.delete_customer)


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
        KINDS["stripe"].speak(Credentials(account, "pk_test_standin", KEY, standin.base(account))),
        cards,
        lambda setup: api.setup_intents.confirm(setup, {"payment_method": "pm_card_visa"}),
        delete=api.customers.delete,
    )


def counter_of_harbour_pay(request):
    """The gateway of the tests that redirects, in front of its service."""
    service = request.getfixturevalue("harbour_pay")
    kind = KINDS["harbour_pay"]
    ends = {"ok": "paid", "declined": "cancelled"}
    return Counter(
        kind.speak(Credentials("", "", HARBOUR_KEY, kind.api_base())),
        pay=lambda reference, how: how in ends and service.end(reference, ends[how]),
    )


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    running = Standin(tmp_path_factory.mktemp("standin") / "standin.sqlite3").start()
    yield running
    running.end(signal.SIGTERM)


WITH_CARDS = {"fake": counter_of_the_fake, "stripe": counter_of_stripe}
COUNTERS = WITH_CARDS | {"harbour_pay": counter_of_harbour_pay}


@pytest.fixture(params=COUNTERS)
def counter(request):
    return COUNTERS[request.param](request)


@pytest.fixture(params=WITH_CARDS)
def card_counter(request):
    return WITH_CARDS[request.param](request)


def test_every_gateway_that_is_spoken_to_is_at_a_counter():
    assert set(COUNTERS) >= set(that_are_spoken_to())
    assert set(WITH_CARDS) >= set(that_charge_cards())


def test_a_customer_is_made_once_per_key(card_counter):
    gateway = card_counter.gateway
    again = gateway.create_customer(name="Mia", email="mia@h.test", key="mia")

    assert again == card_counter.customer


def test_a_card_is_entered_once_per_key_and_then_known(card_counter):
    gateway, customer = card_counter.gateway, card_counter.customer
    first, second = (gateway.open_setup(customer=customer, key="s1") for _ in range(2))
    card_counter.enter(first.reference)

    entered = gateway.read_setup(first.reference)

    assert first.reference == second.reference
    assert (entered.state, entered.card.last4) == (SetupState.READY, "4242")


def test_a_customer_who_was_deleted_is_named_as_the_reason(card_counter):
    paid = card_counter.charge()
    card_counter.delete(card_counter.customer)

    with pytest.raises(CustomerGone):
        card_counter.gateway.open_setup(customer=card_counter.customer, key="s2")
    with pytest.raises(CustomerGone):
        card_counter.charge(key="k2")
    assert card_counter.charge() == paid  # a resend hears what it would have heard


def test_a_charge_is_made_once_per_key_and_can_be_read(counter):
    first, second = counter.charge(), counter.charge()

    assert first.reference == second.reference
    assert second.state is ChargeState.SUCCEEDED
    assert (second.amount_minor, second.currency, second.key) == (1200, "EUR", "k1")
    assert not second.livemode


def test_a_charge_is_found_by_its_key_and_what_never_was_is_not(counter):
    made = counter.charge()

    found, none = (
        counter.gateway.find_charge(customer=counter.customer, key=key, since=LONG_AGO)
        for key in ("k1", "k2")
    )

    assert (found.reference, found.state) == (made.reference, ChargeState.SUCCEEDED)
    assert none is None


def test_what_was_declined_is_an_outcome(counter):
    outcome = counter.charge("declined")

    assert outcome.state is ChargeState.FAILED
    assert outcome.failure_code


def test_a_refused_request_is_no_outcome(counter):
    with pytest.raises(GatewayRefused):
        counter.charge("refused")


def test_an_unfinished_charge_can_be_stopped_for_good(counter):
    waiting = counter.charge("action")
    assert waiting.state is ChargeState.ACTION
    assert bool(waiting.redirect_url) is not bool(counter.cards)

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


def test_what_nobody_signed_is_not_genuine(counter):
    for secret in ("", "whsec_right"):
        with pytest.raises(EventNotGenuine):
            counter.gateway.verify_event(b"{}", {}, secret=secret)


def test_a_card_is_forgotten_twice_without_an_error(card_counter):
    card_counter.gateway.detach_card("pm_forgotten")
    card_counter.gateway.detach_card("pm_forgotten")
