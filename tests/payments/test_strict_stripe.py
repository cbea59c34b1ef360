"""Stripe under another roof: every call goes where the base address says, as its API publishes it.

A stricter server than our stand-in may take its place, at an address with a path. A forwarder
plays it: it knows nothing outside of its path, and no parameter that Stripe does not document.
"""

import re
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
import requests

from payments.gateways.protocol import ChargeRequest, ChargeState, SetupState
from payments.gateways.stripe.adapter import EVENTS
from payments.models import GatewayConnection
from payments.services.connecting import gateway_of
from tests.payments.published import CALLS, KINDS
from tests.stack.test_stripe_standin.conftest import set_up, shared_standin  # noqa: F401

PATH = "/some/emulator/of-stripe"
AN_HOUR = timedelta(hours=1)


class Forwarder(ThreadingHTTPServer):
    """Hands on what comes under its path, and writes down what was asked."""

    daemon_threads = True

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.behind, self.asked, self.strayed = behind, [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_port}{PATH}"


class Forwarding(BaseHTTPRequestHandler):
    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.startswith(f"{PATH}/"):
            self.server.strayed.append(self.path)
            self.send_error(404)
            return
        path = self.path.removeprefix(PATH)
        given = parse_qsl(body.decode() or urlsplit(path).query, keep_blank_values=True)
        self.server.asked.append((self.command, urlsplit(path).path, dict(given), self.headers))
        kept = {name: self.headers[name] for name in KEPT if name in self.headers}
        answer = requests.request(
            self.command, self.server.behind + path, data=body, headers=kept, timeout=10
        )
        self.send_response(answer.status_code)
        for name in ("Content-Type", "Date", "Request-Id"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_DELETE = forward  # noqa: N815 - as the library calls them

    def log_message(self, *_arguments):
        """Say nothing."""


KEPT = ("Authorization", "Idempotency-Key", "Content-Type", "Stripe-Version")


@pytest.fixture
def emulator(shared_standin, settings):  # noqa: F811
    forwarder = Forwarder(shared_standin.base(f"strict-{uuid4().hex[:8]}"))
    settings.STRIPE_API_BASE = f"{forwarder.base}/"
    yield forwarder
    forwarder.shutdown()
    forwarder.server_close()


@pytest.fixture
def api(emulator, shared_standin, monkeypatch):  # noqa: F811
    """The account behind the forwarder, where lists have one row a page."""
    monkeypatch.setattr("payments.gateways.stripe.looking.PAGE", 1)
    return shared_standin.client(emulator.behind.rsplit("/", 1)[1]).v1


@pytest.fixture
def gateway(emulator):
    return gateway_of(
        GatewayConnection(
            gateway="stripe", publishable_key="pk_test_strict", secret_key="rk_test_strict"
        )
    )


def wrongs_of(method, path, given):
    """What Stripe's description has against a call."""
    call = next((it for it in CALLS if describes(it, method, path)), None)
    if call is None:
        return [f"{method} {path} is no call of the API that we know of"]
    known = {word.rstrip("*").split("[")[0]: word for word in CALLS[call].split()}
    parts = {name: re.search(r"\[(.*)\]", word) for name, word in known.items()}
    wrongs = []
    for name in given:
        top, _, rest = name.partition("[")
        inner = rest.split("]")[0]
        if top not in known:
            wrongs.append(f"{call}: unknown {name}")
        elif parts[top] and inner not in parts[top][1].split(","):
            wrongs.append(f"{call}: unknown part {name}")
    sent = {name.partition("[")[0] for name in given}
    needed = {name for name, word in known.items() if word.endswith("*")}
    return wrongs + [f"{call}: lacks {name}" for name in needed - sent]


def describes(call, method, path):
    of, pattern = call.split()
    return of == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path)


def test_all_that_is_asked_of_stripe_is_asked_under_its_address_as_it_is_published(
    gateway, emulator, api
):
    connect(gateway, api)
    charged = enter_and_charge(gateway, api)
    hear_what_goes_back(gateway, api, charged)

    assert emulator.strayed == []
    assert [it for asked in emulator.asked for it in wrongs_of(*asked[:3])] == []
    assert {asked[3]["Stripe-Version"] for asked in emulator.asked} == {"2026-08-26.dahlia"}
    posts = [asked for asked in emulator.asked if asked[0] == "POST"]
    assert all(asked[3]["Idempotency-Key"] for asked in posts)


def connect(gateway, api):
    gateway.check_keys(currency="EUR")
    gateway.send_test(currency="EUR")
    hook = gateway.create_webhook(url="https://deskmint.example/hook")
    assert gateway.move_webhook(url="https://elsewhere.example/hook") is None, "it was ours"
    few = ["payment_intent.succeeded"]
    api.webhook_endpoints.update(hook.reference, {"enabled_events": few})
    assert gateway.move_webhook(url="https://elsewhere.example/hook") is None
    assert api.webhook_endpoints.retrieve(hook.reference).enabled_events == EVENTS
    gateway.remove_webhook(hook.reference)


def enter_and_charge(gateway, api):
    since = datetime.now(UTC) - AN_HOUR
    customer = gateway.create_customer(name="Ann", email="ann@example.com", key="customer-1")
    setup = gateway.open_setup(customer=customer, key="setup-1")
    api.setup_intents.confirm(setup.reference, {"payment_method": "pm_card_visa"})
    entered = gateway.read_setup(setup.reference)
    assert (entered.state, entered.card.last4) == (SetupState.READY, "4242")
    card = entered.card.reference
    charged = [charge(gateway, customer, card, f"key-{number}") for number in (0, 1, 2, 0)]
    assert charged[3].reference == charged[0].reference, "one key, one charge"
    assert gateway.read_charge(charged[0].reference).state is ChargeState.SUCCEEDED
    assert gateway.find_charge(customer=customer, key="key-0", since=since) == charged[0]
    assert len(gateway.collected_charges(since=since)) == 3
    waiting = charge(gateway, customer, set_up(api, customer, "threeDSecure2Required"), "key-3")
    assert gateway.cancel_charge(waiting.reference).state is ChargeState.FAILED
    assert gateway.missed_events(since=since) == []
    gateway.detach_card(card)
    return charged[0].reference


def hear_what_goes_back(gateway, api, charged):
    """Refunds and disputes are heard of by events, and by the list of those that did not come."""
    gateway.create_webhook(url="http://127.0.0.1:9/hook")
    refund = api.refunds.create({"payment_intent": charged, "amount": 500})
    missed = gateway.missed_events(since=datetime.now(UTC) - AN_HOUR)
    told = [taking for it in missed if (taking := gateway.read_event(it).taking)]
    assert {(it.reference, it.charge, it.amount_minor) for it in told} == {
        (refund.id, charged, 500)
    }
    assert set(EVENTS) <= KINDS


def charge(gateway, customer, card, key):
    return gateway.charge(
        ChargeRequest(
            amount_minor=1200,
            currency="EUR",
            customer=customer,
            card=card,
            key=key,
            description="10 credits",
        )
    )


def test_the_script_is_under_the_address_too(emulator):
    script = requests.get(f"{emulator.base}/js.stripe.com/v3/", timeout=5)

    assert script.status_code == 200
    assert "confirmCardSetup" in script.text


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("POST", "/v1/payment_intents", {"amount": "1"}),
        ("POST", "/v1/payment_intents", {"amount": "1", "currency": "eur", "quantity": "2"}),
        ("GET", "/v1/payment_intents", {"created[since]": "1"}),
        ("GET", "/v1/nothing", {}),
    ],
)
def test_a_call_that_is_not_as_published_is_noticed(method, path, given):
    assert len(wrongs_of(method, path, given)) == 1
