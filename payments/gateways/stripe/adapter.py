"""Deskmint's gateway interface on Stripe's API. Facts and their sources: docs/stripe.md."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import stripe
from django.conf import settings

from payments.gateways.protocol import (
    Account,
    ChargeOutcome,
    ChargeRequest,
    Credentials,
    Event,
    EventNotGenuine,
    GatewayRefused,
    GatewayShut,
    GatewayUnavailable,
    SetupOutcome,
)
from payments.gateways.stripe.amounts import to_stripe
from payments.gateways.stripe.outcomes import KEY, charge_outcome, setup_outcome

API_VERSION = "2026-08-26.dahlia"
EVENTS = [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
]
T = TypeVar("T", bound=stripe.StripeObject)


class StripeGateway:
    """One account at Stripe: a client of its own, never the library's global key."""

    def __init__(self, credentials: Credentials) -> None:
        self._account = credentials.account
        # An account has no mode of its own: a key does, and says so (rk_live_…, sk_live_…).
        self._livemode = "_live_" in credentials.secret_key[:8]
        self._client = stripe.StripeClient(
            credentials.secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": credentials.api_base.rstrip("/")},
            max_network_retries=2,
            http_client=stripe.RequestsClient(timeout=settings.STRIPE_TIMEOUT_SECONDS),
        )

    def read_account(self) -> Account:
        account = _ask(self._client.v1.accounts.retrieve_current)
        profile = account.get("business_profile") or {}
        return Account(
            reference=account["id"],
            name=profile.get("name") or account["id"],
            livemode=self._livemode,
        )

    def create_webhook(self, *, url: str) -> str:
        endpoint = _ask(
            self._client.v1.webhook_endpoints.create,
            params={"url": url, "enabled_events": EVENTS, "api_version": API_VERSION},
        )
        secret: str = endpoint["secret"]
        return secret

    def move_webhook(self, *, url: str) -> str:
        listed = _ask(self._client.v1.webhook_endpoints.list, params={"limit": 100})["data"]
        ours = [it for it in listed if urlsplit(it["url"]).path == urlsplit(url).path]
        if not ours:
            return self.create_webhook(url=url)
        for endpoint in ours:
            if endpoint["url"] != url:
                _ask(self._client.v1.webhook_endpoints.update, endpoint["id"], params={"url": url})
        return ""

    def create_customer(self, *, name: str, email: str, key: str) -> str:
        customer = _ask(
            self._client.v1.customers.create,
            params={"name": name, "email": email} if email else {"name": name},
            options={"idempotency_key": key},
        )
        reference: str = customer["id"]
        return reference

    def open_setup(self, *, customer: str, key: str) -> SetupOutcome:
        return setup_outcome(
            _ask(
                self._client.v1.setup_intents.create,
                params={"customer": customer, "payment_method_types": ["card"]},
                options={"idempotency_key": key},
            )
        )

    def read_setup(self, reference: str) -> SetupOutcome:
        return setup_outcome(
            _ask(
                self._client.v1.setup_intents.retrieve,
                reference,
                params={"expand": ["payment_method"]},
            )
        )

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        try:
            return charge_outcome(
                _ask(
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
        return charge_outcome(_ask(self._client.v1.payment_intents.retrieve, reference))

    def cancel_charge(self, reference: str) -> ChargeOutcome:
        try:
            return charge_outcome(_ask(self._client.v1.payment_intents.cancel, reference))
        except GatewayRefused:  # finished in the meantime: say how
            return self.read_charge(reference)

    def detach_card(self, reference: str) -> None:
        try:
            _ask(self._client.v1.payment_methods.detach, reference)
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

    def read_event(self, payload: dict[str, Any]) -> Event:
        subject = payload["data"]["object"]
        return Event(
            reference=payload["id"],
            kind=payload["type"],
            account=payload.get("account") or self._account,
            charge=charge_outcome(subject) if subject["object"] == "payment_intent" else None,
        )


def _ask(call: Callable[..., T], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Call Stripe and sort what can go wrong into refused and unheard.

    A declined card passes through as stripe.CardError: it is an answer.
    """
    try:
        return call(*args, **kwargs).to_dict()
    except stripe.CardError:
        raise
    except stripe.InvalidRequestError as no:
        raise GatewayRefused(no.code or type(no).__name__, str(no)) from no
    except (stripe.AuthenticationError, stripe.PermissionError) as shut:
        raise GatewayShut(shut.code or type(shut).__name__, str(shut)) from shut
    except stripe.StripeError as unheard:
        raise GatewayUnavailable(str(unheard)) from unheard
