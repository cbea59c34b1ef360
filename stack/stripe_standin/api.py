"""What happens to one request of the API: key, idempotency, parameters, handler, answer."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus

from stack.stripe_standin import (
    book,
    charges,
    customers,
    disputes,
    events,
    idempotency,
    params,
    payment_intents,
    payment_methods,
    refunds,
    setup_intents,
    webhook_endpoints,
)
from stack.stripe_standin.accounts import Account, open_account
from stack.stripe_standin.calls import Call, Route, route
from stack.stripe_standin.errors import Declined, Refusal, no_such
from stack.stripe_standin.expanding import expanded
from stack.stripe_standin.forms import parse_body, parse_form
from stack.stripe_standin.idempotency import Attempt, Remembered
from stack.stripe_standin.keys import Key, check_permission, read_key
from stack.stripe_standin.shapes import Json
from stack.stripe_standin.store import Store


def _own_account(call: Call) -> Json:
    return call.account.body


def _account_by_id(call: Call) -> Json:
    if call.id != call.account.id:
        raise no_such("account", call.id, param="id")
    return call.account.body


ROUTES: list[Route] = [
    route("GET", "/v1/account", _own_account),
    route("GET", "/v1/accounts/{id}", _account_by_id),
    *book.ROUTES,
    *charges.ROUTES,
    *customers.ROUTES,
    *disputes.ROUTES,
    *events.ROUTES,
    *payment_intents.ROUTES,
    *payment_methods.ROUTES,
    *refunds.ROUTES,
    *setup_intents.ROUTES,
    *webhook_endpoints.ROUTES,
]
# Sent along by Stripe.js and of no consequence here.
FROM_STRIPE_JS = ("key", "use_stripe_sdk", "payment_user_agent")


@dataclass(frozen=True)
class Arrival:
    """A request as it came in. `account`: the name in its path; at the root there is none."""

    account: str | None
    method: str
    path: str
    query: str
    body: str
    authorization: str
    stripe_account: str | None
    idempotency_key: str | None
    request_id: str
    at: int


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


def answer(store: Store, arrival: Arrival) -> Answer:
    """Do what the request asks and word the outcome; it happens wholly or not at all."""
    try:
        return _answer(store, arrival)
    except Refusal as refusal:
        return Answer(refusal.status, _worded({"error": refusal.error}))


def _answer(store: Store, arrival: Arrival) -> Answer:
    values = {**parse_form(arrival.query), **parse_body(arrival.body)}
    key = read_key(authorization=arrival.authorization, in_body=params.text(values, "key"))
    found, id_ = _find_route(arrival)
    check_permission(key, method=arrival.method, path=arrival.path, open_to_browser=found.browser)
    account = _account(store, arrival, key, id_)
    if key.is_publishable:
        values = {name: value for name, value in values.items() if name not in FROM_STRIPE_JS}
    call = Call(
        store=store,
        account=account,
        at=arrival.at,
        params=values,
        id=id_,
        path=arrival.path,
        request_id=arrival.request_id,
        idempotency_key=arrival.idempotency_key,
        from_browser=key.is_publishable,
    )
    with store.transaction():
        return _once(found, call) if arrival.method == "POST" else _run(found, call)


def _once(found: Route, call: Call) -> Answer:
    """Run the request, or repeat the answer that its idempotency key had before.

    Requests run one at a time, so of many with one key exactly one runs and the others find its
    answer. A refusal leaves no memory, for it did nothing; a decline does, for it did something.
    """
    if call.idempotency_key is None:
        return _run(found, call)
    attempt = _attempt(call, call.idempotency_key)
    if remembered := idempotency.recall(call.store, attempt):
        replayed = {
            "Idempotent-Replayed": "true",
            "Original-Request": remembered.request_id,
        }
        return Answer(remembered.status, remembered.body, replayed)
    first = _run(found, call)
    kept = Remembered(first.status, first.body, request_id=str(call.request_id))
    idempotency.remember(call.store, attempt, kept)
    return first


def _attempt(call: Call, key: str) -> Attempt:
    return idempotency.new_attempt(
        account=call.account.name, key=key, path=call.path, params=call.params, at=call.at
    )


def _run(found: Route, call: Call) -> Answer:
    paths = params.texts(call.params, "expand") or []
    call.params.pop("expand", None)
    params.refuse_unknown(call.params, found.params)
    try:
        body = found.run(call)
    except Declined as declined:
        return Answer(declined.status, _worded({"error": declined.error}))
    return Answer(HTTPStatus.OK, _worded(expanded(call, body, paths)))


def _find_route(arrival: Arrival) -> tuple[Route, str]:
    for candidate in ROUTES:
        id_ = candidate.match(arrival.method, arrival.path)
        if id_ is not None:
            return candidate, id_
    raise Refusal(
        f"Unrecognized request URL ({arrival.method}: {arrival.path}). Please see "
        "https://stripe.com/docs or we can help at https://support.stripe.com/.",
        status=HTTPStatus.NOT_FOUND,
    )


def account_name(store: Store, arrival: Arrival) -> str | None:
    """Whose request it is, before anything of it is done; None if it doesn't say."""
    try:
        values = {**parse_form(arrival.query), **parse_body(arrival.body)}
        key = read_key(authorization=arrival.authorization, in_body=params.text(values, "key"))
        _, id_ = _find_route(arrival)
    except Refusal:
        return arrival.account
    return _name(store, arrival, key, id_)


def _name(store: Store, arrival: Arrival, key: Key, id_: str) -> str | None:
    return arrival.account or key.account or store.owner(id_)


def _account(store: Store, arrival: Arrival, key: Key, id_: str) -> Account:
    name = _name(store, arrival, key, id_)
    if name is None:
        raise Refusal(
            "No account: use a base URL such as /accounts/<name>; at the root only a key such as "
            "rk_test_<name>_demo, or an intent that exists, finds its account.",
            status=HTTPStatus.NOT_FOUND,
        )
    account = open_account(store, name=name, at=arrival.at)
    if arrival.stripe_account not in {None, account.id}:
        raise Refusal(
            f"The provided key does not have access to account '{arrival.stripe_account}' (or that "
            "account does not exist). Application access may have been revoked.",
            status=HTTPStatus.FORBIDDEN,
            code="account_invalid",
        )
    return account


def _worded(body: Json) -> str:
    return json.dumps(body)
