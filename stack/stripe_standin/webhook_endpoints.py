"""Webhook endpoints: where an account's events go."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from stack.stripe_standin import params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.shapes import API_VERSION, Json, new_id

ENDPOINTS_MAX = 16
EVENT_NAME = re.compile(r"\*|[a-z0-9_]+(\.[a-z0-9_]+)+")
FIELDS = "description enabled_events metadata url"
# Names of networks of one's own. Stripe refuses this machine, too; the stand-in lives on it.
PRIVATE_NAMES = (".internal", ".lan", ".local", ".test")


def create_webhook_endpoint(call: Call) -> Json:
    """Register an endpoint. Its secret is in this answer and in none afterwards."""
    params.needed(call.params, "url")
    _check_room(call)
    version = params.text(call.params, "api_version")
    if version not in {None, API_VERSION}:
        raise Refusal(
            f"Invalid api_version: {version}. This stand-in speaks {API_VERSION} only.",
            param="api_version",
        )
    if params.flag(call.params, "connect"):
        raise Refusal("This account has no connected accounts.", param="connect")
    body: Json = {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": version,
        "application": None,
        "created": call.at,
        "description": None,
        "enabled_events": [],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": "",
    }
    _fill(call, body, needs_events=True)
    secret = new_id("whsec", length=32)
    call.add(body, secret=secret)
    return {**body, "secret": secret}


def _check_room(call: Call) -> None:
    count = call.store.db.execute(
        "SELECT COUNT(*) FROM objects WHERE account = ? AND kind = 'webhook_endpoint'",
        (call.account.name,),
    ).fetchone()[0]
    if count >= ENDPOINTS_MAX:
        raise Refusal(f"You have reached the maximum of {ENDPOINTS_MAX} test webhook endpoints.")


def _fill(call: Call, body: Json, *, needs_events: bool) -> None:
    if "url" in call.params:
        body["url"] = _url(params.needed(call.params, "url"))
    if needs_events or "enabled_events" in call.params:
        body["enabled_events"] = _events(call)
    if "description" in call.params:
        body["description"] = params.text(call.params, "description")
    body["metadata"] = params.metadata(call.params, body["metadata"])


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refusal(
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            code="url_invalid",
            param="url",
        )
    if _is_private(parts.hostname):
        raise Refusal(
            "Invalid URL: URL must be publicly accessible.", code="url_invalid", param="url"
        )
    return url


def _is_private(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host.endswith(PRIVATE_NAMES)
    return address.is_private and not address.is_loopback


def _events(call: Call) -> list[str]:
    events = params.texts(call.params, "enabled_events")
    if not events:
        raise Refusal(
            "Missing required param: enabled_events.",
            code="parameter_missing",
            param="enabled_events",
        )
    for place, name in enumerate(events):
        if not EVENT_NAME.fullmatch(name):
            raise Refusal(
                f"Invalid enabled_events[{place}]: {name} is no kind of event.",
                param=f"enabled_events[{place}]",
            )
    return events


def update_webhook_endpoint(call: Call) -> Json:
    body = call.get("webhook_endpoint", call.id)
    _fill(call, body, needs_events=False)
    if "disabled" in call.params:
        disabled = params.flag(call.params, "disabled")
        body["status"] = "disabled" if disabled else "enabled"
    return call.save(body)


def delete_webhook_endpoint(call: Call) -> Json:
    call.get("webhook_endpoint", call.id)
    call.store.remove(call.id)
    return {"id": call.id, "object": "webhook_endpoint", "deleted": True}


def retrieve_webhook_endpoint(call: Call) -> Json:
    return call.get("webhook_endpoint", call.id)


def list_webhook_endpoints(call: Call) -> Json:
    return list_objects(call, "webhook_endpoint")


ROUTES = [
    route(
        "POST", "/v1/webhook_endpoints", create_webhook_endpoint, f"{FIELDS} api_version connect"
    ),
    route(
        "GET", "/v1/webhook_endpoints", list_webhook_endpoints, "limit starting_after ending_before"
    ),
    route("GET", "/v1/webhook_endpoints/{id}", retrieve_webhook_endpoint),
    route("POST", "/v1/webhook_endpoints/{id}", update_webhook_endpoint, f"{FIELDS} disabled"),
    route("DELETE", "/v1/webhook_endpoints/{id}", delete_webhook_endpoint),
]
