"""Membership > Bills > Pay: by a saved card or a new one, on the same steps as a purchase."""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.models import Bill
from billing.services import BillNotToPay
from community.access import LocationRequest, for_customers
from community.money import format_money
from membership.forms import PayBillForm
from membership.services.bill_charging import start_bill_charge
from membership.services.paying import refresh_charge
from membership.views.alerts import Alert, declined, key_of
from membership.views.bills import find_own_bill
from membership.views.going import go, is_script
from membership.views.offers import Offers, offers_for_bill
from membership.views.paying import (
    Pending,
    Steps,
    action_of,
    ask_for_card,
    asks_for_card,
    card_connection,
    card_order,
    pay,
    redirecting,
    show_pending,
    show_status,
)
from membership.views.refusals import refusal_words
from payments.gateways.protocol import ChargeOutcome
from payments.models import Card, GatewayConnection, Transaction


@require_http_methods(["GET", "POST"])
@for_customers
def pay_bill(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    bill, _standing = find_own_bill(request, bill_id)
    if bill.state != Bill.State.ISSUED:
        return go(request, "done", _bill_url(bill))
    if sent := _under_way(bill):
        return go(request, "done", _steps(bill, sent).page)
    connections = list(GatewayConnection.objects.spoken_to())
    kept = Card.objects.kept().filter(customer_id=bill.customer_id)
    cards = list(kept.filter(connection=card_connection(connections)))
    if request.method == "POST":
        return _order(request, bill, connections, cards)
    return _show(request, bill, connections, cards)


@require_POST
@for_customers
def confirm(request: LocationRequest, slug: str, bill_id: int, key: UUID) -> HttpResponseBase:
    """Charge, once the browser has entered a new card."""
    bill, charge = _find(request, bill_id, key)
    return pay(request, _steps(bill, charge))


@require_GET
@for_customers
def payment(request: LocationRequest, slug: str, bill_id: int, key: UUID) -> HttpResponseBase:
    """Lead on to what became of a payment; a pending one is asked about first."""
    bill, charge = _find(request, bill_id, key)
    outcome = None
    if charge.state == Transaction.State.PENDING:
        outcome = refresh_charge(charge=charge, at=now())
        bill, charge = _find(request, bill_id, key)
    if charge.state == Transaction.State.FAILED:
        return redirect(_steps(bill, charge).failed)
    if charge.state == Transaction.State.PENDING:
        return show_pending(request, _pending(bill, charge, outcome))
    _say_what_was_paid(request, bill, charge)
    return redirect(_bill_url(bill))


@require_GET
@for_customers
def status(request: LocationRequest, slug: str, bill_id: int, key: UUID) -> HttpResponseBase:
    bill, charge = _find(request, bill_id, key)
    return show_status(request, _steps(bill, charge))


def _order(
    request: LocationRequest,
    bill: Bill,
    connections: list[GatewayConnection],
    cards: list[Card],
) -> HttpResponseBase:
    form = PayBillForm(request.POST, cards=cards, redirects=redirecting(connections))
    if not form.is_valid():
        code = "card_not_usable" if "card" in form.errors else "bill_changed"
        return _refused(request, bill, code)
    if form.by_new_card and not is_script(request):
        return _refused(request, bill, "card_needs_script")
    try:
        charge = start_bill_charge(
            bill_id=bill.pk,
            key=uuid4(),
            order=card_order(form, connections),
            seen_minor=form.cleaned_data["to_pay"],
            by=request.user,
            at=now(),
        )
    except BillNotToPay as refusal:
        messages.info(request, refusal.messages[0])
        return go(request, "refused", _bill_url(bill))
    except ValidationError as refusal:
        return _refused(request, bill, refusal.code or "")
    steps = _steps(bill, charge)
    if form.by_new_card and asks_for_card(charge):
        return ask_for_card(request, steps)
    return pay(request, steps)


def _show(
    request: LocationRequest,
    bill: Bill,
    connections: list[GatewayConnection],
    cards: list[Card],
) -> HttpResponseBase:
    alert = _alert(request, bill)
    first = cards[0].pk if cards else None
    context: dict[str, Any] = {
        "bill": bill,
        "connection": card_connection(connections),
        "offers": (offers := Offers(offers_for_bill(bill, connections))),
        "chosen_method": offers.first_open,
        "cards": cards,
        "new_card": True,
        "may_keep": bill.customer.keeps_cards,
        "chosen_card": None if alert and alert.declined else first,
        "stripe_js": settings.STRIPE_JS_URL,
        "alert": alert,
    }
    return render(request, "membership/pay_bill.html", context)


def _alert(request: LocationRequest, bill: Bill) -> Alert | None:
    if words := refusal_words(request):
        return Alert("bad", words, "")
    key = key_of(request.GET.get("declined", ""))
    failed: Transaction | None = None
    if key:
        ended = bill.charges.filter(key=key, state=Transaction.State.FAILED)
        failed = ended.select_related("connection").first()
    return declined(failed) if failed else None


def _find(request: LocationRequest, bill_id: int, key: UUID) -> tuple[Bill, Transaction]:
    bill, _standing = find_own_bill(request, bill_id)
    known = Transaction.objects.select_related("connection", "customer__member__user")
    charge: Transaction = get_object_or_404(known, bill=bill, key=key)
    return bill, charge


def _under_way(bill: Bill) -> Transaction | None:
    """A payment that was sent and has no outcome yet: there is no second one beside it."""
    charge: Transaction | None = bill.charges.filter(
        state=Transaction.State.PENDING, submitted_at__isnull=False
    ).first()
    return charge


def _say_what_was_paid(request: LocationRequest, bill: Bill, charge: Transaction) -> None:
    total = format_money(charge.amount_minor, charge.currency)
    if charge.is_surplus:
        words = _(
            "%(total)s arrived, but that was not to be paid of this bill any more. The team looks"
            " at it and will come back to you."
        )
        messages.warning(request, words % {"total": total})
    else:
        messages.success(
            request,
            _("Bill %(number)s is paid: %(total)s.") % {"number": bill.number, "total": total},
        )


def _pending(bill: Bill, charge: Transaction, outcome: ChargeOutcome | None) -> Pending:
    total = format_money(charge.amount_minor, charge.currency)
    return Pending(
        steps=_steps(bill, charge),
        action=action_of(outcome),
        title=_("This payment was not finished"),
        confirm_says=_(
            "%(total)s is not charged yet. Confirm it with your bank, then the bill is paid."
        )
        % {"total": total},
        go_on_says=_(
            "%(total)s is not paid yet. Finish it there, then the bill is paid. What isn't finished"
            " within an hour is given up, and nothing is charged."
        )
        % {"total": total},
        check_says=_(
            "We are checking with your bank. The bill is marked as paid once it confirms;"
            " you don't need to pay again."
        ),
        start_url=_pay_url(bill),
        back_url=_bill_url(bill),
        back_says=_("Back to the bill"),
    )


def _steps(bill: Bill, charge: Transaction) -> Steps:
    place = [bill.location.slug, bill.pk, charge.key]
    return Steps(
        charge=charge,
        page=reverse("membership:bill_payment", args=place),
        status=reverse("membership:bill_payment_status", args=place),
        confirm=reverse("membership:confirm_bill_payment", args=place),
        failed=f"{_pay_url(bill)}?{urlencode({'declined': str(charge.key)})}",
        silent=_refusal_url(bill, "gateway_silent"),
    )


def _refused(request: LocationRequest, bill: Bill, code: str) -> HttpResponseBase:
    return go(request, "refused", _refusal_url(bill, code))


def _refusal_url(bill: Bill, code: str) -> str:
    return f"{_pay_url(bill)}?{urlencode({'refused': code})}"


def _pay_url(bill: Bill) -> str:
    return reverse("membership:pay_bill", args=[bill.location.slug, bill.pk])


def _bill_url(bill: Bill) -> str:
    return reverse("membership:bill", args=[bill.location.slug, bill.pk])
