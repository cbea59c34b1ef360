"""A gateway in memory for unit tests. Its cards are named after what happens to them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Any

from payments.gateways.protocol import (
    Account,
    AddressUnreachable,
    CardDetails,
    ChargeOutcome,
    ChargeRequest,
    ChargeState,
    CustomerGone,
    Event,
    EventNotGenuine,
    GatewayRefused,
    GatewayShut,
    GatewayUnavailable,
    KeyRefused,
    RefundTotal,
    SetupOutcome,
    SetupState,
    Taking,
    TakingKind,
    TakingState,
    Webhook,
)


@dataclass
class FakeGateway:
    """Charges any card; `card_declined`, `card_action` and `card_lost_answer` do as they say.

    So do `card_refused` (the request) and `card_shut` (the key, before anything is looked at).

    `entered` is the card that the next setup will turn out to hold, a new one unless
    `entered_again` is the reference of one from before; `on_charge` runs inside the call, where
    a rival can be let in. `key_refused` is why no key is taken, and
    `is_reachable` whether events can be sent to us.
    """

    account: str = "acct_fake"
    key_refused: KeyRefused | None = None
    is_reachable: bool = True
    advice: str = ""
    answered_at: datetime | None = None
    tests: list[str] = field(default_factory=list)
    entered: str = "card_ok"
    entered_again: str = ""
    on_charge: Callable[[], None] = lambda: None
    charges: dict[str, ChargeOutcome] = field(default_factory=dict)
    detached: list[str] = field(default_factory=list)
    webhooks: dict[str, str] = field(default_factory=dict)
    missed: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    _customers: dict[str, str] = field(default_factory=dict)
    _customer_numbers: Any = field(default_factory=lambda: count(1))
    _setup_for: dict[str, str] = field(default_factory=dict)
    _setups: dict[str, SetupOutcome] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _numbers: Any = field(default_factory=lambda: count(1))

    def read_account(self) -> Account:
        return Account(
            reference=self.account,
            name="Fake",
            livemode=False,
            country="DE",
            currency="EUR",
            charges_enabled=True,
            answered_at=self.answered_at,
        )

    def check_keys(self, *, currency: str) -> Account:
        assert currency
        if self.key_refused:
            raise self.key_refused
        return self.read_account()

    def send_test(self, *, currency: str) -> str:
        assert currency
        self.tests.append(f"pi_test_{len(self.tests) + 1}")
        return self.tests[-1]

    def create_webhook(self, *, url: str) -> Webhook:
        if not self.is_reachable:
            raise AddressUnreachable("url_invalid", "not on the public internet")
        reference = f"we_{next(self._numbers)}"
        self.webhooks[reference] = url
        return Webhook(reference, "whsec_fake")

    def move_webhook(self, *, url: str) -> Webhook | None:
        if not self.webhooks:
            return self.create_webhook(url=url)
        self.webhooks = dict.fromkeys(self.webhooks, url)
        return None

    def remove_webhook(self, reference: str) -> None:
        self.webhooks.pop(reference, None)

    def create_customer(self, *, name: str, email: str, key: str) -> str:
        assert name
        return self._customers.setdefault(key, f"cus_{next(self._customer_numbers)}")

    def delete_customer(self, reference: str) -> None:
        """Play the admin in the gateway's dashboard."""
        self.deleted.append(reference)

    def _look_for(self, customer: str) -> None:
        assert customer
        if customer in self.deleted:
            raise CustomerGone("no such customer")

    def open_setup(self, *, customer: str, key: str) -> SetupOutcome:
        if self._setup_for.setdefault(key, customer) != customer:
            raise GatewayRefused("idempotency_error", "the key was used for another customer")
        self._look_for(customer)
        setup = SetupOutcome(f"seti_{key}", SetupState.OPEN, client_secret=f"seti_{key}_secret")
        return self._setups.setdefault(key, setup)

    def read_setup(self, reference: str) -> SetupOutcome:
        if self.entered == "setup_declined":
            return SetupOutcome(reference, SetupState.FAILED, failure_code="card_declined")
        if self.entered == "nothing":
            return SetupOutcome(reference, SetupState.OPEN)
        known_as = self.entered_again or f"{self.entered}_{reference}"
        card = CardDetails(known_as, "print", "visa", "4242", 12, 2030)
        return SetupOutcome(reference, SetupState.READY, card=card)

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        if "shut" in request.card:
            raise GatewayShut("api_key_expired", "the key was revoked")
        with self._lock:
            outcome = self.charges.get(request.key) or self._decide(request)
            self.charges[request.key] = outcome
        self.on_charge()
        if "lost_answer" in request.card:
            raise GatewayUnavailable("the answer was lost")
        return outcome

    def _decide(self, request: ChargeRequest) -> ChargeOutcome:
        self._look_for(request.customer)
        if "refused" in request.card:
            raise GatewayRefused("parameter_invalid", "the request was refused")
        state = ChargeState.SUCCEEDED
        if "declined" in request.card:
            state = ChargeState.FAILED
        elif "action" in request.card:
            state = ChargeState.FAILED if request.off_session else ChargeState.ACTION
        reference = f"pi_{next(self._numbers)}"
        return ChargeOutcome(
            reference=reference,
            state=state,
            amount_minor=request.amount_minor,
            currency=request.currency,
            livemode=False,
            key=request.key,
            client_secret=f"{reference}_secret",
            failure_code=_failure(request, state),
        )

    def finish_action(self, reference: str, state: ChargeState, failure_code: str = "") -> None:
        """Play the buyer at their bank."""
        outcome = replace(self.read_charge(reference), state=state, failure_code=failure_code)
        self.charges[outcome.key] = outcome

    def read_charge(self, reference: str) -> ChargeOutcome:
        for charge in self.charges.values():
            if charge.reference == reference:
                return charge
        raise GatewayRefused("resource_missing", "no such charge")

    def find_charge(self, *, customer: str, key: str, since: datetime) -> ChargeOutcome | None:
        self._look_for(customer)
        assert since
        return self.charges.get(key)

    def collected_charges(self, *, since: datetime) -> list[ChargeOutcome]:
        assert since
        return [it for it in self.charges.values() if it.state is ChargeState.SUCCEEDED]

    def cancel_charge(self, reference: str) -> ChargeOutcome:
        if self.read_charge(reference).state is not ChargeState.SUCCEEDED:
            self.finish_action(reference, ChargeState.FAILED, "canceled")
        return self.read_charge(reference)

    def detach_card(self, reference: str) -> None:
        self.detached.append(reference)

    def verify_event(
        self, body: bytes, headers: Mapping[str, str], *, secret: str
    ) -> dict[str, Any]:
        if headers.get("Fake-Signature") != secret or not secret:
            raise EventNotGenuine("wrong signature")
        payload: dict[str, Any] = json.loads(body)
        return payload

    def missed_events(self, *, since: datetime) -> list[dict[str, Any]]:
        assert since
        return self.missed

    def read_event(self, payload: dict[str, Any]) -> Event:
        charge = self.charges.get(payload.get("key", ""))
        if charge and payload.get("failed"):  # what it told before the charge succeeded
            charge = replace(charge, state=ChargeState.FAILED, failure_code="card_declined")
        if test := payload.get("test"):
            charge = ChargeOutcome(test, ChargeState.FAILED, 1, "EUR", livemode=False)
        return Event(
            reference=payload["id"],
            kind=payload["type"],
            account=self.account,
            charge=charge,
            taking=_taking(payload["taking"]) if "taking" in payload else None,
            refunded=RefundTotal(**payload["refunded"]) if "refunded" in payload else None,
        )


def _failure(request: ChargeRequest, state: ChargeState) -> str:
    if state is not ChargeState.FAILED:
        return ""
    return "authentication_required" if "action" in request.card else "insufficient_funds"


def _taking(told: dict[str, Any]) -> Taking:
    words = {"kind": TakingKind(told["kind"]), "state": TakingState(told["state"])}
    return Taking(**{"currency": "EUR", "livemode": False, **told, **words})
