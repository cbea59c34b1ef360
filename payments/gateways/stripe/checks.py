"""Whether two keys of Stripe do what Deskmint asks of them. Nothing here moves money."""

import re
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlencode

import stripe

from payments.gateways.protocol import (
    Account,
    Credentials,
    GatewayRefused,
    GatewayShut,
    KeyRefused,
    NotPermitted,
    Permission,
)
from payments.gateways.stripe.asking import ask, hear

PUBLISHABLE, SECRET = "publishable_key", "secret_key"
SHAPE = re.compile(r"(pk|rk|sk)_(test|live)_[A-Za-z0-9_]{4,200}")
ACCOUNT = re.compile(r"acct_[A-Za-z0-9]+")
# In Stripe's own units: above the smallest charge in nearly every currency; never collected.
TRIAL_AMOUNT = 1_000_000
WHY = "Deskmint checks the connection. Cancelled at once; no money moves."

# Each with something that Stripe refuses for its name alone: permission is looked at first.
_Probe = Callable[[stripe.StripeClient], object]
_PROBES: dict[Permission, _Probe] = {
    Permission("rak_customer_write", "Customers", "Write"): lambda it: ask(
        it.v1.customers.update, "cus_deskmint", params={"description": WHY}
    ),
    Permission("rak_payment_intent_write", "PaymentIntents", "Write"): lambda it: ask(
        it.v1.payment_intents.cancel, "pi_deskmint"
    ),
    Permission("rak_setup_intent_write", "SetupIntents", "Write"): lambda it: ask(
        it.v1.setup_intents.cancel, "seti_deskmint"
    ),
    Permission("rak_payment_method_write", "PaymentMethods", "Write"): lambda it: ask(
        it.v1.payment_methods.detach, "pm_deskmint"
    ),
    Permission("rak_event_read", "Events", "Read"): lambda it: ask(
        it.v1.events.retrieve, "evt_deskmint"
    ),
    Permission("rak_webhook_write", "Webhook Endpoints", "Write"): lambda it: ask(
        it.v1.webhook_endpoints.delete, "we_deskmint"
    ),
}
# Some accounts can't grant it to a restricted key: without it the account stays nameless.
READS_ACCOUNT = Permission("rak_accounts_kyc_basic_read", "Connect > Accounts", "Read")
PERMISSIONS = (*_PROBES, READS_ACCOUNT)
DASHBOARD = "https://dashboard.stripe.com"


def new_key_url(*, live: bool) -> str:
    """Where a restricted key is made, with everything that it needs ticked."""
    wanted = [("name", "Deskmint"), *(("permissions[]", it.name) for it in PERMISSIONS)]
    return f"{DASHBOARD}{'' if live else '/test'}/apikeys/create?{urlencode(wanted)}"


def check_shapes(credentials: Credentials) -> None:
    """Refuse what can be told from the looks of the keys, before Stripe is asked."""
    publishable = SHAPE.fullmatch(credentials.publishable_key)
    secret = SHAPE.fullmatch(credentials.secret_key)
    if publishable is None or publishable[1] != "pk":
        raise KeyRefused(PUBLISHABLE, "not_publishable")
    if secret is None or secret[1] == "pk":
        raise KeyRefused(SECRET, "not_restricted")
    if (secret[1], secret[2]) == ("sk", "live"):
        raise KeyRefused(SECRET, "secret_in_live_mode")
    if publishable[2] != secret[2]:
        raise KeyRefused(SECRET, "keys_of_two_modes")


def advice(credentials: Credentials) -> str:
    return "secret_in_test_mode" if credentials.secret_key.startswith("sk_") else ""


def known_account(client: stripe.StripeClient, credentials: Credentials) -> Account:
    try:
        return read_account(client, credentials)
    except GatewayShut as shut:
        _refuse(SECRET, shut)


def read_account(client: stripe.StripeClient, credentials: Credentials) -> Account:
    # An account has no mode of its own: a key does, and says so (rk_live_…, sk_live_…).
    livemode = "_live_" in credentials.secret_key[:8]
    try:
        account, at = hear(client.v1.accounts.retrieve_current)
    except NotPermitted as denied:
        named = ACCOUNT.search(str(denied))
        reference = named[0] if named else credentials.account
        if not reference:
            raise
        return Account(reference=reference, name=reference, livemode=livemode)
    return Account(
        reference=account["id"],
        name=_name_of(account),
        livemode=livemode,
        country=account.get("country") or "",
        currency=(account.get("default_currency") or "").upper(),
        charges_enabled=account.get("charges_enabled"),
        answered_at=at,
    )


def _name_of(account: dict[str, Any]) -> str:
    profile = account.get("business_profile") or {}
    shown = (account.get("settings") or {}).get("dashboard") or {}
    name: str = profile.get("name") or shown.get("display_name") or account["id"]
    return name[:200]


def check_permissions(client: stripe.StripeClient) -> None:
    """Ask for all of them, so that the refusal names all that are missing."""
    missing = tuple(
        f"{permission.resource}: {permission.access}"
        for permission, probe in _PROBES.items()
        if _is_denied(client, probe)
    )
    if missing:
        raise KeyRefused(SECRET, "permission_missing", missing=missing)


def _is_denied(client: stripe.StripeClient, probe: _Probe) -> bool:
    try:
        probe(client)
    except NotPermitted:
        return True
    except GatewayRefused:  # there is no such thing, which is a permitted question
        return False
    return False


def check_publishable_key(client: stripe.StripeClient, publishable: stripe.StripeClient) -> None:
    """Open a card's set-up with the one key and find it with the other: they are of one account."""
    setup = ask(client.v1.setup_intents.create, params={"payment_method_types": ["card"]})
    try:
        ask(
            publishable.v1.setup_intents.retrieve,
            setup["id"],
            params={"client_secret": setup["client_secret"]},
        )
    except GatewayShut as shut:
        _refuse(PUBLISHABLE, shut)
    except GatewayRefused as unknown:
        raise KeyRefused(PUBLISHABLE, "keys_of_two_accounts") from unknown
    finally:
        ask(client.v1.setup_intents.cancel, setup["id"])


def check_currency(client: stripe.StripeClient, currency: str) -> None:
    try:
        trial_charge(client, currency)
    except GatewayRefused as refusal:
        if refusal.param == "currency":
            raise KeyRefused(SECRET, "currency_not_supported") from refusal
        if refusal.code != "amount_too_small":
            raise


def trial_charge(client: stripe.StripeClient, currency: str) -> str:
    """Open a charge without a card and cancel it; Stripe tells that by an event."""
    intent = ask(
        client.v1.payment_intents.create,
        params={
            "amount": TRIAL_AMOUNT,
            "currency": currency.lower(),
            "payment_method_types": ["card"],
            "description": WHY,
        },
    )
    reference: str = intent["id"]
    ask(client.v1.payment_intents.cancel, reference)
    return reference


def _refuse(field: str, shut: GatewayShut) -> NoReturn:
    if isinstance(shut, NotPermitted):
        raise KeyRefused(
            field,
            "permission_missing",
            missing=(f"{READS_ACCOUNT.resource}: {READS_ACCOUNT.access}",),
        ) from shut
    code = "key_revoked" if shut.code == "api_key_expired" else "key_unknown"
    raise KeyRefused(field, code) from shut
