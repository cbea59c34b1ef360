"""The gateway to Harbour Pay: what docs/add-a-gateway.md tells to write."""

import hmac
import json

import requests

from payments.gateways.protocol import (
    Abilities,
    Account,
    ChargeOutcome,
    ChargeState,
    Event,
    EventNotGenuine,
    GatewayRefused,
    GatewayShut,
    GatewayUnavailable,
    KeyRefused,
    Webhook,
)
from payments.gateways.registry import Kind
from tests.redirect_gateway.server import sign

NAME = "harbour_pay"
HARBOUR_PAY = Abilities(redirects=True, lacks=frozenset({"KPW"}), least_minor={"EUR": 100})
STATES = {
    "open": ChargeState.ACTION,
    "paid": ChargeState.SUCCEEDED,
    "cancelled": ChargeState.FAILED,
}
SILENCE = (requests.ConnectionError, requests.Timeout, ValueError)


class HarbourPayGateway:
    """One account, spoken to over HTTP."""

    def __init__(self, credentials):
        self._key, self._base = credentials.secret_key, credentials.api_base

    advice = ""

    def read_account(self):
        told = self._ask("GET", "account")
        return Account(told["id"], told["name"], livemode=told["live"], charges_enabled=True)

    def check_keys(self, *, currency):
        if not HARBOUR_PAY.takes_currency(currency):
            raise KeyRefused("secret_key", "currency_not_supported")
        try:
            return self.read_account()
        except GatewayShut as shut:
            raise KeyRefused("secret_key", "key_unknown") from shut

    def send_test(self, *, currency):
        raise GatewayRefused("no_test", f"there is none, not in {currency} either")

    def create_webhook(self, *, url):
        told = self._ask("POST", "webhooks", {"url": url})
        return Webhook(told["id"], told["secret"])

    def move_webhook(self, *, url):
        """Each payment brings the address along."""
        assert url

    def remove_webhook(self, reference):
        self._ask("DELETE", f"webhooks/{reference}")

    def charge(self, request):
        asked = {
            "key": request.key,
            "amount": request.amount_minor,
            "currency": request.currency,
            "description": request.description,
            "return_url": request.return_url,
            "notify_url": request.notify_url,
        }
        return outcome_of(self._ask("POST", "payments", asked))

    def read_charge(self, reference):
        return outcome_of(self._ask("GET", f"payments/{reference}"))

    def find_charge(self, *, customer, key, since):
        assert (customer, bool(since)) == ("", True)
        found = self._ask("GET", f"payments?key={key}")
        return outcome_of(found[0]) if found else None

    def collected_charges(self, *, since):
        """It keeps tests' payments alone, which are all younger."""
        assert since
        return [outcome_of(it) for it in self._ask("GET", "payments?state=paid")]

    def cancel_charge(self, reference):
        return outcome_of(self._ask("POST", f"payments/{reference}/cancel"))

    def verify_event(self, body, headers, *, secret):
        signature = headers.get("Harbour-Signature", "")
        if not secret or not hmac.compare_digest(signature, sign(body, secret)):
            raise EventNotGenuine("wrong signature")
        return json.loads(body)

    def missed_events(self, *, since):
        """It keeps no list: what it could not tell is asked about, payment by payment."""
        assert since
        return []

    def read_event(self, payload):
        payment = outcome_of(payload["payment"])
        return Event(payload["id"], payload["type"], payload["account"], payment)

    def _ask(self, method, place, body=None):
        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            answer = requests.request(
                method, f"{self._base}/{place}", json=body, headers=headers, timeout=10
            )
            told = answer.json()
        except SILENCE as silence:
            raise GatewayUnavailable(str(silence)) from silence
        if answer.status_code == 401:
            raise GatewayShut(told["code"], "the key is not known")
        if answer.status_code >= 500:
            raise GatewayUnavailable(answer.text)
        if answer.status_code >= 400:
            raise GatewayRefused(told["code"], answer.text)
        return told


def outcome_of(payment):
    """What Harbour Pay says of a payment, in Deskmint's words."""
    state = STATES[payment["state"]]
    return ChargeOutcome(
        reference=payment["id"],
        state=state,
        amount_minor=payment["amount"],
        currency=payment["currency"],
        livemode=payment["live"],
        key=payment["key"],
        redirect_url=payment["url"] if state is ChargeState.ACTION else "",
        failure_code="cancelled_by_payer" if state is ChargeState.FAILED else "",
    )


def harbour_pay_kind(base):
    return Kind(
        label="Harbour Pay",
        abilities=HARBOUR_PAY,
        speaker=HarbourPayGateway,
        icon="external-link",
        secret_label="API key",
        api_base=lambda: base,
    )
