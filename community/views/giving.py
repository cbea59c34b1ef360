from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.access import LocationRequest, for_admins
from community.models import Customer
from community.money import say_credits
from community.views.customers import back_to, find_customer
from community.views.holdings import show_credits
from credits.forms import DeductForm, GiveForm
from credits.models import Entry
from credits.services.giving import deduct_credits, give_credits


@require_POST
@for_admins
def give(request: LocationRequest, /, slug: str, **whose: int) -> HttpResponseBase:
    customer = find_customer(request, **whose)
    form = GiveForm(request.POST, location=request.location, prefix="give")
    entry = _book(request, customer, form, give_credits)
    if entry is None:
        return show_credits(request, customer, give=form)
    messages.success(request, _("%(credits)s given.") % {"credits": say_credits(entry.credits)})
    return back_to(request, customer, "credits")


@require_POST
@for_admins
def deduct(request: LocationRequest, /, slug: str, **whose: int) -> HttpResponseBase:
    customer = find_customer(request, **whose)
    form = DeductForm(request.POST, location=request.location, prefix="deduct")
    entry = _book(request, customer, form, deduct_credits)
    if entry is None:
        return show_credits(request, customer, deduct=form)
    messages.success(request, _("%(credits)s deducted.") % {"credits": say_credits(-entry.credits)})
    return back_to(request, customer, "credits")


def _book(
    request: LocationRequest, customer: Customer, form: DeductForm, book: Callable[..., Entry]
) -> Entry | None:
    """Do it if the form and the domain allow; else the form says why not."""
    if not form.is_valid():
        return None
    facts: dict[str, Any] = form.facts()
    try:
        return book(
            customer=customer, by=request.user, principal=request.principal, at=now(), **facts
        )
    except ValidationError as refusal:
        form.add_error("last_day" if refusal.code == "lapses_in_the_past" else "credits", refusal)
        return None
