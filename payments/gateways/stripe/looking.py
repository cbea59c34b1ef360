"""Looking up at Stripe what a lost answer or a lost webhook would have said."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any

import stripe

from payments.gateways.protocol import ChargeOutcome, ChargeState
from payments.gateways.stripe.asking import ask
from payments.gateways.stripe.outcomes import KEY, charge_outcome

PAGE = 100
PAGES_MAX = 20


def find_charge(
    client: stripe.StripeClient, *, customer: str, key: str, since: datetime
) -> ChargeOutcome | None:
    """Find it in the list and not by search, which knows the latest only after a while."""
    asked = {"customer": customer, "created": {"gte": int(since.timestamp())}}
    for intent in _each(client.v1.payment_intents.list, asked):
        if (intent.get("metadata") or {}).get(KEY) == key:
            return charge_outcome(intent)
    return None


def collected_charges(client: stripe.StripeClient, *, since: datetime) -> list[ChargeOutcome]:
    """All that the account has collected with our keys, however many pages that takes."""
    created = {"gte": int(since.timestamp())}
    listed = _each(client.v1.payment_intents.list, {"created": created}, pages=None)
    outcomes = (charge_outcome(intent) for intent in listed)
    return [it for it in outcomes if it.key and it.state is ChargeState.SUCCEEDED]


def missed_events(
    client: stripe.StripeClient, *, kinds: list[str], since: datetime
) -> list[dict[str, Any]]:
    """List the events that an endpoint did not take, oldest first."""
    created = {"gte": int(since.timestamp())}
    asked = {"types": kinds, "created": created, "delivery_success": False}
    return list(_each(client.v1.events.list, asked))[::-1]


def _each(
    call: Callable[..., Any], asked: dict[str, Any], *, pages: int | None = PAGES_MAX
) -> Iterator[dict[str, Any]]:
    """Go through a list, newest first, page by page."""
    place: dict[str, str] = {}
    for _page in count() if pages is None else range(pages):
        found = ask(call, params={**asked, **place, "limit": PAGE})
        yield from found["data"]
        if not found["has_more"]:
            return
        place = {"starting_after": found["data"][-1]["id"]}
