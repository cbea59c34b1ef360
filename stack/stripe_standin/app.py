"""The web application: the API of every account, the script, the book and the dashboard."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from stack.stripe_standin import breaking, browser, dashboard
from stack.stripe_standin.accounts import open_account
from stack.stripe_standin.api import Answer, Arrival, answer
from stack.stripe_standin.app_keys import DELIVERER, STORE
from stack.stripe_standin.book import read_book
from stack.stripe_standin.deliverer import Deliverer
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import API_VERSION, new_id
from stack.stripe_standin.store import Store


def make_app(*, store_path: Path, retry_seconds: list[float]) -> web.Application:
    app = web.Application()
    app[STORE] = Store(store_path)
    app[DELIVERER] = Deliverer(app[STORE], retry_seconds=retry_seconds)
    app.cleanup_ctx.append(_run_deliverer)
    for base in ("", "/accounts/{account}"):
        app.router.add_route("*", base + "/v1/{tail:.*}", serve_api)
        app.router.add_get(base + "/js.stripe.com/v3/", browser.serve_script)
    app.router.add_get("/accounts/{account}/_book", serve_book)
    breaking.add_routes(app)
    dashboard.add_routes(app)
    return app


async def _run_deliverer(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(app[DELIVERER].run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    app[STORE].close()


async def serve_api(request: web.Request) -> web.Response:
    """The one door of the API, where its faults stand too."""
    if request.method == "OPTIONS":
        response = web.Response(status=204)
        browser.allow_any_origin(request, response)
        return response
    arrival = await _arrival(request)
    fault = breaking.fault_of(request.app[STORE], arrival)
    given = breaking.instead_of_an_answer(request, fault)
    if given is None:
        given = answer(request.app[STORE], arrival)
        request.app[DELIVERER].wake()
        given = await breaking.spoilt(request, fault, given)
    return _response(request, arrival, given)


async def _arrival(request: web.Request) -> Arrival:
    account = request.match_info.get("account")
    return Arrival(
        account=account,
        method=request.method,
        path=f"/v1/{request.match_info['tail']}",
        query=request.rel_url.raw_query_string,
        body=await request.text(),
        authorization=request.headers.get("Authorization", ""),
        stripe_account=request.headers.get("Stripe-Account"),
        idempotency_key=request.headers.get("Idempotency-Key"),
        request_id=new_id("req", length=14),
        at=int(time.time()),
    )


def _response(request: web.Request, arrival: Arrival, given: Answer) -> web.Response:
    headers = {"Request-Id": arrival.request_id, "Stripe-Version": API_VERSION, **given.headers}
    if arrival.idempotency_key is not None:
        headers["Idempotency-Key"] = arrival.idempotency_key
    response = web.Response(
        text=given.body, status=given.status, headers=headers, content_type="application/json"
    )
    browser.allow_any_origin(request, response)
    return response


async def serve_book(request: web.Request) -> web.Response:
    store = request.app[STORE]
    try:
        account = open_account(store, name=request.match_info["account"], at=int(time.time()))
    except Refusal as refusal:
        raise web.HTTPNotFound(text=str(refusal)) from refusal
    return web.json_response(read_book(store, account.name))
