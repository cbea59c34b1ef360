"""Where faults take hold of the API's answers, and the switches that set them.

`POST /accounts/<name>/_faults` with a form such as `fault=lost&times=3` sets one, `GET` lists what
is set, `DELETE` clears all. `seconds` is how long an answer or webhook is held back; `calls` is
how the calls begin that go wrong (`GET /v1/`; empty: every one), else those that move money.
"""

import asyncio
import json
import time
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from stack.stripe_standin.accounts import open_account
from stack.stripe_standin.api import Answer, Arrival, account_name
from stack.stripe_standin.app_keys import STORE
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.faults import (
    Fault,
    Set,
    clear_faults,
    fault_of_call,
    set_fault,
    set_faults,
)
from stack.stripe_standin.forms import parse_form
from stack.stripe_standin.store import Store

TOO_MANY = Refusal(
    "Request rate limit exceeded.", status=HTTPStatus.TOO_MANY_REQUESTS, code="rate_limit"
)
BROKEN = Refusal(
    "Sorry! There was an error while talking to one of our backends.",
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    kind="api_error",
)
GARBAGE = '{"id": "pi_'


def fault_of(store: Store, arrival: Arrival) -> Set | None:
    """Use up the fault that is set for a request, if there is one."""
    account = account_name(store, arrival)
    if account is None:
        return None
    return fault_of_call(store, account, method=arrival.method, path=arrival.path)


def instead_of_an_answer(request: web.Request, found: Set | None) -> Answer | None:
    """Answer a request that nothing is done for; None if it goes on."""
    if found is None:
        return None
    if found.fault is Fault.RESET:
        hang_up(request)
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "")
    if found.fault is Fault.TOO_MANY:
        return _refused(TOO_MANY)
    return _refused(BROKEN) if found.fault is Fault.BROKEN else None


async def spoilt(request: web.Request, found: Set | None, given: Answer) -> Answer:
    """What is heard of an answer to a request that was carried out."""
    if found is None:
        return given
    if found.fault is Fault.LOST:
        hang_up(request)
    if found.fault is Fault.SLOW:
        await asyncio.sleep(found.seconds)
    if found.fault is Fault.GARBAGE:
        return Answer(given.status, GARBAGE, given.headers)
    return given


def hang_up(request: web.Request) -> None:
    """Cut the connection; what is written to it afterwards goes nowhere."""
    if request.transport:
        request.transport.abort()


def _refused(refusal: Refusal) -> Answer:
    return Answer(refusal.status, json.dumps({"error": refusal.error}))


def add_routes(app: web.Application) -> None:
    app.router.add_route("*", "/accounts/{account}/_faults", serve_faults)


async def serve_faults(request: web.Request) -> web.Response:
    refuse_other_sites(request)
    store = request.app[STORE]
    try:
        account = open_account(store, name=request.match_info["account"], at=int(time.time()))
        if request.method == "POST":
            set_fault(store, account.name, parse_form(await request.text()))
        elif request.method == "DELETE":
            clear_faults(store, account.name)
    except Refusal as refusal:
        return web.json_response({"error": refusal.error}, status=refusal.status)
    return web.json_response({"data": [it.as_json() for it in set_faults(store, account.name)]})


def refuse_other_sites(request: web.Request) -> None:
    """A page of another site may not press what stands on ours."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="This form may only be sent from the dashboard itself.")
