"""Events: what happened, kept for the list and queued for every endpoint that asked for it."""

from stack.stripe_standin import deliveries, params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.listing import Wanted, list_objects
from stack.stripe_standin.shapes import API_VERSION, Json, new_id

UNDELIVERED = (
    "EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = objects.id"
    " AND deliveries.state <> 'delivered')"
)
TYPES_MAX = 20


def emit(call: Call, kind: str, subject: Json, *, before: Json | None = None) -> Json:
    """Record that something happened to `subject`; `before`: the attributes that it changed."""
    endpoints = _listeners(call, kind)
    data: Json = {"object": subject}
    if before is not None:
        data["previous_attributes"] = before
    event = call.add(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": call.at,
            "data": data,
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
            "type": kind,
        }
    )
    for endpoint in endpoints:
        deliveries.queue(call.store, event=event["id"], endpoint=endpoint, at=call.at)
    return event


def _listeners(call: Call, kind: str) -> list[str]:
    rows = call.store.db.execute(
        "SELECT id FROM objects WHERE account = ? AND kind = 'webhook_endpoint'"
        " AND json_extract(body, '$.status') = 'enabled'"
        " AND EXISTS (SELECT 1 FROM json_each(body, '$.enabled_events')"
        "             WHERE value IN ('*', ?))",
        (call.account.name, kind),
    )
    return [row["id"] for row in rows]


def resend_event(call: Call, event: Json) -> None:
    """Send an event again to every endpoint that listens for it now."""
    for endpoint in _listeners(call, event["type"]):
        deliveries.queue(call.store, event=event["id"], endpoint=endpoint, at=call.at)


def retrieve_event(call: Call) -> Json:
    return _with_pending(call, call.get("event", call.id))


def list_events(call: Call) -> Json:
    wanted = Wanted()
    types = params.texts(call.params, "types")
    if types and "type" in call.params:
        raise Refusal("You may only specify one of these parameters: type, types.", param="types")
    if types:
        if len(types) > TYPES_MAX:
            raise Refusal(f"You may pass at most {TYPES_MAX} types.", param="types")
        wanted.require(f"type IN ({', '.join('?' * len(types))})", *types)
    elif kind := params.text(call.params, "type"):
        wanted.require("type GLOB ?", kind)
    if "delivery_success" in call.params:
        success = params.flag(call.params, "delivery_success")
        wanted.require(f"NOT {UNDELIVERED}" if success else UNDELIVERED)
    page = list_objects(call, "event", wanted=wanted)
    page["data"] = [_with_pending(call, event) for event in page["data"]]
    return page


def _with_pending(call: Call, event: Json) -> Json:
    undelivered = [
        row for row in deliveries.of_event(call.store, event["id"]) if row.state != "delivered"
    ]
    return {**event, "pending_webhooks": len(undelivered)}


ROUTES = [
    route(
        "GET",
        "/v1/events",
        list_events,
        "type types created delivery_success limit starting_after ending_before",
    ),
    route("GET", "/v1/events/{id}", retrieve_event),
]
