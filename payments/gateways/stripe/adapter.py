"""Deskmint's gateway interface on Stripe's API. Facts and their sources: docs/stripe.md."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import stripe

from payments.gateways.protocol import (
    Account,
    AddressUnreachable,
    ChargeOutcome,
    ChargeRequest,
    Credentials,
    Event,
    EventNotGenuine,
    GatewayRefused,
    SetupOutcome,
    Webhook,
)
from payments.gateways.stripe import checks, looking
from payments.gateways.stripe.amounts import to_stripe
from payments.gateways.stripe.asking import Line, ask
from payments.gateways.stripe.outcomes import (
    KEY,
    charge_outcome,
    refund_total,
    setup_outcome,
    taking,
)

API_VERSION = "2026-08-26.dahlia"
EVENTS = [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
]


class StripeGateway:
    """One account at Stripe: a client of its own, never the library's global key."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._client = self._client_of(credentials.secret_key)

    def _client_of(self, key: str) -> stripe.StripeClient:
        return stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            base_addresses={"api": self._credentials.api_base.rstrip("/")},
            max_network_retries=2,
            http_client=Line(),
        )

    def read_account(self) -> Account:
        return checks.read_account(self._client, self._credentials)

    def check_keys(self, *, currency: str) -> Account:
        checks.check_shapes(self._credentials)
        account = checks.known_account(self._client, self._credentials)
        checks.check_permissions(self._client)
        publishable = self._client_of(self._credentials.publishable_key)
        checks.check_publishable_key(self._client, publishable)
        checks.check_currency(self._client, currency)
        return account

    @property
    def advice(self) -> str:
        return checks.advice(self._credentials)

    def send_test(self, *, currency: str) -> str:
        return checks.trial_charge(self._client, currency)

    def create_webhook(self, *, url: str) -> Webhook:
        try:
            endpoint = ask(
                self._client.v1.webhook_endpoints.create,
                params={"url": url, "enabled_events": EVENTS, "api_version": API_VERSION},
            )
        except GatewayRefused as refusal:
            raise _unreachable(refusal) from refusal
        return Webhook(reference=endpoint["id"], secret=endpoint["secret"])

    def move_webhook(self, *, url: str) -> Webhook | None:
        listed = ask(self._client.v1.webhook_endpoints.list, params={"limit": 100})["data"]
        ours = [it for it in listed if urlsplit(it["url"]).path == urlsplit(url).path]
        if not ours:
            return self.create_webhook(url=url)
        for endpoint in ours:
            if endpoint["url"] != url or not set(EVENTS) <= set(endpoint["enabled_events"]):
                self._send_to(endpoint["id"], url)
        return None

    def _send_to(self, reference: str, url: str) -> None:
        try:
            ask(
                self._client.v1.webhook_endpoints.update,
                reference,
                params={"url": url, "enabled_events": EVENTS},
            )
        except GatewayRefused as refusal:
            raise _unreachable(refusal) from refusal

    def remove_webhook(self, reference: str) -> None:
        try:
            ask(self._client.v1.webhook_endpoints.delete, reference)
        except GatewayRefused as refusal:
            if refusal.code != "resource_missing":
                raise

    def create_customer(self, *, name: str, email: str, key: str) -> str:
        customer = ask(
            self._client.v1.customers.create,
            params={"name": name, "email": email} if email else {"name": name},
            options={"idempotency_key": key},
        )
        reference: str = customer["id"]
        return reference

    def open_setup(self, *, customer: str, key: str) -> SetupOutcome:
        return setup_outcome(
            ask(
                self._client.v1.setup_intents.create,
                params={"customer": customer, "payment_method_types": ["card"]},
                options={"idempotency_key": key},
            )
        )

    def read_setup(self, reference: str) -> SetupOutcome:
        return setup_outcome(
            ask(
                self._client.v1.setup_intents.retrieve,
                reference,
                params={"expand": ["payment_method"]},
            )
        )

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        try:
            return charge_outcome(
                ask(
                    self._client.v1.payment_intents.create,
                    params={
                        "amount": to_stripe(request.amount_minor, request.currency),
                        "currency": request.currency.lower(),
                        "customer": request.customer,
                        "payment_method": request.card,
                        "payment_method_types": ["card"],
                        "confirm": True,
                        "off_session": request.off_session,
                        "description": request.description,
                        "metadata": {KEY: request.key},
                    },
                    options={"idempotency_key": request.key},
                )
            )
        except stripe.CardError as declined:
            body: dict[str, Any] = declined.json_body or {}  # type: ignore[assignment]
            return charge_outcome(body["error"]["payment_intent"])

    def read_charge(self, reference: str) -> ChargeOutcome:
        return charge_outcome(ask(self._client.v1.payment_intents.retrieve, reference))

    def find_charge(self, *, customer: str, key: str, since: datetime) -> ChargeOutcome | None:
        return looking.find_charge(self._client, customer=customer, key=key, since=since)

    def collected_charges(self, *, since: datetime) -> list[ChargeOutcome]:
        return looking.collected_charges(self._client, since=since)

    def cancel_charge(self, reference: str) -> ChargeOutcome:
        try:
            return charge_outcome(ask(self._client.v1.payment_intents.cancel, reference))
        except GatewayRefused:  # finished in the meantime: say how
            return self.read_charge(reference)

    def detach_card(self, reference: str) -> None:
        try:
            ask(self._client.v1.payment_methods.detach, reference)
        except GatewayRefused as refusal:
            if refusal.code not in {"resource_missing", "payment_method_unexpected_state"}:
                raise

    def verify_event(
        self, body: bytes, headers: Mapping[str, str], *, secret: str
    ) -> dict[str, Any]:
        if not secret:  # an empty secret would let anyone sign
            raise EventNotGenuine("no secret")
        try:
            event = stripe.Webhook.construct_event(
                body, headers.get("Stripe-Signature", ""), secret
            )
        except (ValueError, stripe.SignatureVerificationError) as wrong:
            raise EventNotGenuine(str(wrong)) from wrong
        payload: dict[str, Any] = event.to_dict()
        return payload

    def missed_events(self, *, since: datetime) -> list[dict[str, Any]]:
        return looking.missed_events(self._client, kinds=EVENTS, since=since)

    def read_event(self, payload: dict[str, Any]) -> Event:
        subject = payload["data"]["object"]
        return Event(
            reference=payload["id"],
            kind=payload["type"],
            account=payload.get("account") or self._credentials.account,
            charge=charge_outcome(subject) if subject["object"] == "payment_intent" else None,
            taking=taking(subject, kind=payload["type"], livemode=payload["livemode"]),
            refunded=refund_total(subject),
        )


def _unreachable(refusal: GatewayRefused) -> GatewayRefused:
    """Tell an address that Stripe can't reach from all else that it refuses."""
    if refusal.code == "url_invalid" or refusal.param == "url":
        return AddressUnreachable(refusal.code, str(refusal), param=refusal.param)
    return refusal
