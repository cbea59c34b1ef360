"""A plain page for each account that plays Stripe's dashboard; it works without JavaScript."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from aiohttp import web

from stack.stripe_standin import dashboard_page as pages
from stack.stripe_standin.accounts import all_accounts, open_account
from stack.stripe_standin.app_keys import DELIVERER, STORE
from stack.stripe_standin.breaking import refuse_other_sites
from stack.stripe_standin.calls import Call
from stack.stripe_standin.disputes import lose_dispute, open_dispute, win_dispute
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.events import resend_event
from stack.stripe_standin.faults import set_fault
from stack.stripe_standin.forms import parse_form
from stack.stripe_standin.money import parse
from stack.stripe_standin.refunds import create_refund
from stack.stripe_standin.shapes import Json

STYLES = Path(__file__).with_name("dashboard.css")
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"

Action: TypeAlias = Callable[[Call], object]


def _refund(call: Call) -> Json:
    charge = call.get("charge", call.id)
    asked = str(call.params.pop("amount", "")).strip()
    call.params["charge"] = call.id
    if asked:
        call.params["amount"] = str(parse(asked, charge["currency"]))
    return create_refund(call)


def _dispute(call: Call) -> Json:
    return open_dispute(call, call.get("charge", call.id))


def _inquire(call: Call) -> Json:
    return open_dispute(call, call.get("charge", call.id), inquiry=True)


def _win(call: Call) -> Json:
    return win_dispute(call, call.get("dispute", call.id))


def _lose(call: Call) -> Json:
    return lose_dispute(call, call.get("dispute", call.id))


def _resend(call: Call) -> None:
    resend_event(call, call.get("event", call.id))


def _fault(call: Call) -> None:
    set_fault(call.store, call.account.name, {**call.params, "fault": call.id})


ACTIONS: dict[str, Action] = {
    "refund": _refund,
    "dispute": _dispute,
    "inquire": _inquire,
    "win": _win,
    "lose": _lose,
    "resend": _resend,
    "fault": _fault,
}


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", show_accounts)
    app.router.add_get("/dashboard.css", show_styles)
    app.router.add_get("/accounts/{account}/dashboard", show_account)
    app.router.add_post("/accounts/{account}/dashboard/{action}/{id}", act)


async def show_accounts(request: web.Request) -> web.Response:
    return _page(pages.index_page(all_accounts(request.app[STORE])))


async def show_styles(_request: web.Request) -> web.Response:
    return web.Response(text=STYLES.read_text(), content_type="text/css", charset="utf-8")


async def show_account(request: web.Request) -> web.Response:
    try:
        return _page(pages.account_page(_call(request)))
    except Refusal as refusal:
        raise web.HTTPNotFound(text=str(refusal)) from refusal


async def act(request: web.Request) -> web.Response:
    """Do one thing to one object, then show the page again."""
    refuse_other_sites(request)
    action = ACTIONS.get(request.match_info["action"])
    if action is None:
        raise web.HTTPNotFound
    call = _call(request, params=parse_form(await request.text()))
    try:
        with call.store.transaction():
            action(call)
    except Refusal as refusal:
        return _page(pages.account_page(call, error=str(refusal)), status=refusal.status)
    request.app[DELIVERER].wake()
    raise web.HTTPSeeOther(f"/accounts/{call.account.name}/dashboard")


def _call(request: web.Request, *, params: Json | None = None) -> Call:
    store, at = request.app[STORE], int(time.time())
    account = open_account(store, name=request.match_info["account"], at=at)
    return Call(store, account, at, params or {}, id=request.match_info.get("id", ""))


def _page(html: str, *, status: int = 200) -> web.Response:
    return web.Response(
        text=html,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"},
    )
