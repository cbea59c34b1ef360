"""What the dashboard shows: accounts; and of one account its charges, disputes and events."""

from collections.abc import Sequence
from datetime import UTC, datetime

from stack.stripe_standin import deliveries
from stack.stripe_standin.accounts import Account
from stack.stripe_standin.book import read_book
from stack.stripe_standin.calls import Call
from stack.stripe_standin.disputes import OPEN, OPEN_INQUIRY
from stack.stripe_standin.faults import SAYS, SECONDS, Fault, Set, set_faults
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.markup import Html, element, field, form, joined, page, table
from stack.stripe_standin.money import places, say
from stack.stripe_standin.shapes import Json

SHOWN = 50


def index_page(accounts: Sequence[Account]) -> str:
    rows = [
        (
            element("a", account.name, href=f"/accounts/{account.name}/dashboard"),
            element("code", account.id),
            account.body["default_currency"].upper(),
        )
        for account in accounts
    ]
    return page(
        "Stripe stand-in",
        element("p", "No real money moves here. An account opens when it is first called."),
        table(("Account", "Id", "Currency"), rows, empty="No account was called yet."),
    )


def account_page(call: Call, *, error: str = "") -> str:
    return page(
        f"Stripe stand-in: {call.account.name}",
        element("p", error, class_="error", role="alert") if error else "",
        element("p", element("a", "All accounts", href="/")),
        _totals(call),
        element("h2", "Charges"),
        _charges(call),
        element("h2", "Disputes"),
        _disputes(call),
        element("h2", "Webhook endpoints"),
        _endpoints(call),
        element("h2", "Events"),
        _events(call),
        element("h2", "Faults"),
        _faults(call),
    )


def _totals(call: Call) -> Html:
    totals = read_book(call.store, call.account.name)["totals"]
    said = ", ".join(say(amount, currency) for currency, amount in totals.items())
    return element("p", f"In the book: {said or 'nothing yet'}. The latest {SHOWN} of each:")


def _latest(call: Call, kind: str) -> list[Json]:
    asked = Call(call.store, call.account, call.at, {"limit": str(SHOWN)})
    found: list[Json] = list_objects(asked, kind)["data"]
    return found


def _charges(call: Call) -> Html:
    rows = [
        (
            _when(charge),
            element("code", charge["id"]),
            say(charge["amount"], charge["currency"]),
            _card(charge),
            charge["description"],
            _state(charge),
            _charge_actions(call, charge),
        )
        for charge in _latest(call, "charge")
    ]
    headings = ("Time", "Charge", "Amount", "Card", "Description", "State", "Do")
    return table(headings, rows, empty="No charges yet.")


def _card(charge: Json) -> str:
    card = charge["payment_method_details"]["card"]
    return f"{card['brand']} {card['last4']}"


def _state(charge: Json) -> str:
    if not charge["paid"]:
        return f"failed: {charge['outcome']['reason'] or charge['failure_code']}"
    refunded = charge["amount_refunded"]
    notes = [
        f"{say(refunded, charge['currency'])} refunded" if refunded else "",
        "disputed" if charge["disputed"] else "",
    ]
    return ", ".join(["succeeded", *filter(None, notes)])


def _charge_actions(call: Call, charge: Json) -> Html:
    if not charge["paid"] or charge["disputed"] or charge["refunded"]:
        return Html("")
    currency = charge["currency"]
    decimals = places(currency)
    left = charge["amount"] - charge["amount_refunded"]
    base = f"/accounts/{call.account.name}/dashboard"
    amount = field("Amount", "amount", f"{left / 10**decimals:.{decimals}f}")
    return joined(
        [
            form(f"{base}/refund/{charge['id']}", "Refund", amount),
            form(f"{base}/dispute/{charge['id']}", "Open dispute"),
            form(f"{base}/inquire/{charge['id']}", "Open inquiry"),
        ]
    )


def _disputes(call: Call) -> Html:
    rows = [
        (
            _when(dispute),
            element("code", dispute["id"]),
            element("code", dispute["charge"]),
            say(dispute["amount"], dispute["currency"]),
            dispute["status"],
            _dispute_actions(call, dispute),
        )
        for dispute in _latest(call, "dispute")
    ]
    headings = ("Time", "Dispute", "Charge", "Amount", "State", "Do")
    return table(headings, rows, empty="No disputes.")


def _dispute_actions(call: Call, dispute: Json) -> Html:
    if dispute["status"] not in OPEN | OPEN_INQUIRY:
        return Html("")
    base = f"/accounts/{call.account.name}/dashboard"
    return joined(
        [
            form(f"{base}/win/{dispute['id']}", "Win"),
            form(f"{base}/lose/{dispute['id']}", "Lose"),
        ]
    )


def _endpoints(call: Call) -> Html:
    rows = [
        (
            element("code", endpoint["id"]),
            endpoint["url"],
            ", ".join(endpoint["enabled_events"]),
            endpoint["status"],
        )
        for endpoint in _latest(call, "webhook_endpoint")
    ]
    headings = ("Endpoint", "URL", "Events", "State")
    return table(headings, rows, empty="No webhook endpoints: events are kept but not sent.")


def _events(call: Call) -> Html:
    base = f"/accounts/{call.account.name}/dashboard"
    rows = [
        (
            _when(event),
            event["type"],
            element("code", event["data"]["object"]["id"]),
            _deliveries(call, event),
            form(f"{base}/resend/{event['id']}", "Send again"),
        )
        for event in _latest(call, "event")
    ]
    headings = ("Time", "Event", "Of", "Delivery", "Do")
    return table(headings, rows, empty="No events yet.")


def _deliveries(call: Call, event: Json) -> str:
    tries = [
        f"{delivery.state} after {delivery.attempts} ({delivery.outcome or 'not sent yet'})"
        for delivery in deliveries.of_event(call.store, event["id"])
    ]
    return "; ".join(tries) or "nobody listens"


def _faults(call: Call) -> Html:
    left = {it.fault: it for it in set_faults(call.store, call.account.name)}
    rows = [
        (fault.value, SAYS[fault], _fault_form(call, fault, left.get(fault))) for fault in Fault
    ]
    said = "What goes wrong with the next calls that move money, or the next webhooks."
    return joined([element("p", said), table(("Fault", "What happens", "Do"), rows, empty="")])


def _fault_form(call: Call, fault: Fault, found: Set | None) -> Html:
    fields = [field("Times", "times", str(found.left if found else 0))]
    if fault in SECONDS:
        seconds = found.seconds if found else SECONDS[fault]
        fields.append(field("Seconds", "seconds", str(seconds)))
    if found and found.calls:
        fields.append(element("code", found.calls))
    return form(f"/accounts/{call.account.name}/dashboard/fault/{fault}", "Set", *fields)


def _when(body: Json) -> str:
    return datetime.fromtimestamp(body["created"], tz=UTC).strftime("%d %b %Y %H:%M:%S UTC")
