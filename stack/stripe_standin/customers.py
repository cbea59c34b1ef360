"""Customers."""

from stack.stripe_standin import params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.events import emit
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.shapes import Json, new_id

FIELDS = "address description email metadata name phone preferred_locales shipping tax_exempt"
TEXTS = ("description", "email", "name", "phone")
TAX_EXEMPT = ("none", "exempt", "reverse")


def create_customer(call: Call) -> Json:
    body: Json = {
        "id": new_id("cus", length=14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.at,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("", length=8).strip("_").upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _fill(call, body)
    call.add(body)
    emit(call, "customer.created", body)
    return body


def update_customer(call: Call) -> Json:
    body = call.get("customer", call.id)
    before = dict(body)
    _fill(call, body)
    changed = {key: before[key] for key in body if body[key] != before[key]}
    if changed:
        emit(call, "customer.updated", body, before=changed)
    return call.save(body)


def delete_customer(call: Call) -> Json:
    """Forget the customer; their cards are detached, their payments stay."""
    body = call.get("customer", call.id)
    cards = list_objects(
        Call(call.store, call.account, call.at, {"customer": call.id, "limit": "100"}),
        "payment_method",
        equal=("customer",),
    )
    for card in cards["data"]:
        call.save({**card, "customer": None})
        call.store.keep_private(card["id"], spent=True)
    call.store.remove(call.id)
    emit(call, "customer.deleted", body)
    return {"id": call.id, "object": "customer", "deleted": True}


def _fill(call: Call, body: Json) -> None:
    for name in TEXTS:
        if name in call.params:
            body[name] = params.text(call.params, name)
    for name in ("address", "shipping"):
        if name in call.params:
            body[name] = params.group(call.params, name) or None
    if (email := body["email"]) and "@" not in email:
        raise Refusal(f"Invalid email address: {email}", code="email_invalid", param="email")
    if locales := params.texts(call.params, "preferred_locales"):
        body["preferred_locales"] = locales
    body["tax_exempt"] = params.choice(call.params, "tax_exempt", TAX_EXEMPT) or body["tax_exempt"]
    body["metadata"] = params.metadata(call.params, body["metadata"])


def retrieve_customer(call: Call) -> Json:
    return call.get("customer", call.id)


def list_customers(call: Call) -> Json:
    return list_objects(call, "customer", equal=("email",))


ROUTES = [
    route("POST", "/v1/customers", create_customer, FIELDS),
    route(
        "GET", "/v1/customers", list_customers, "email created limit starting_after ending_before"
    ),
    route("GET", "/v1/customers/{id}", retrieve_customer),
    route("POST", "/v1/customers/{id}", update_customer, FIELDS),
    route("DELETE", "/v1/customers/{id}", delete_customer),
]
