"""Credit Options: what members can buy, in the order in which they see it."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins, for_staff
from community.answers import focus_first_error, lead_to
from community.forms import MoveForm, OptionForm
from community.money import apply_tax, format_money, format_unit_price, say_credits
from credits.models import CreditOption
from credits.services.options import (
    OptionExists,
    add_option,
    archive_option,
    bring_back_option,
    change_option,
    move_option,
)
from membership.models import Purchase
from payments.gateways.protocol import Limit
from payments.gateways.registry import abilities_of
from payments.models import GatewayConnection

ARCHIVED_PER_PAGE = 25
NOT_OFFERED = {
    Limit.LEAST: gettext_lazy(
        "%(total)s is less than %(gateway)s takes: it isn't offered there below %(limit)s."
    ),
    Limit.MOST: gettext_lazy(
        "%(total)s is more than %(gateway)s takes: it isn't offered there above %(limit)s."
    ),
    Limit.STEP: gettext_lazy(
        "%(total)s is more exact than %(gateway)s takes: it is offered there only if what is to"
        " pay is a multiple of %(limit)s."
    ),
}


@dataclass(frozen=True)
class OptionRow:
    """An option with what it costs a member and how often it was sold."""

    option: CreditOption
    total_minor: int
    unit_price: str
    sold: int


@require_GET
@for_staff
def credit_options(request: LocationRequest, slug: str) -> HttpResponseBase:
    archived = Paginator(CreditOption.objects.archived(), ARCHIVED_PER_PAGE)
    return render(
        request,
        "community/credit_options.html",
        {
            "rows": _rows_on_sale(request),
            "archived": archived.get_page(request.GET.get("page")),
            "can_pay": GatewayConnection.objects.connected().exists(),
            "form": OptionForm(location=request.location),
        },
    )


@require_http_methods(["GET", "POST"])
@for_admins
def add(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = OptionForm(request.POST or None, location=request.location)
    if form.is_valid():
        try:
            option = add_option(
                location=request.location, by=request.user, at=now(), **form.facts()
            )
        except ValidationError as refusal:
            form.add_error("credits", refusal)
        else:
            warn_of_limits(request, option)
            return _back(request, _("%(option)s is on sale.") % {"option": _name(option)})
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
@for_admins
def edit(request: LocationRequest, slug: str, option_id: int) -> HttpResponseBase:
    option = get_object_or_404(CreditOption.objects.on_sale(), pk=option_id)
    form = OptionForm(request.POST or None, location=request.location, option=option)
    if form.is_valid():
        try:
            option = change_option(option_id=option.pk, by=request.user, at=now(), **form.facts())
        except ValidationError as refusal:
            form.add_error("credits", refusal)
        else:
            warn_of_limits(request, option)
            return _back(request, _("%(option)s changed.") % {"option": _name(option)})
    return _form_page(request, form, option)


@require_POST
@for_admins
def archive(request: LocationRequest, slug: str, option_id: int) -> HttpResponseBase:
    get_object_or_404(CreditOption, pk=option_id)
    option = archive_option(option_id=option_id, by=request.user, at=now())
    return _back(request, _("%(option)s archived.") % {"option": _name(option)})


@require_POST
@for_admins
def bring_back(request: LocationRequest, slug: str, option_id: int) -> HttpResponseBase:
    get_object_or_404(CreditOption, pk=option_id)
    try:
        option = bring_back_option(option_id=option_id, by=request.user, at=now())
    except OptionExists as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("community:credit_options", slug)
    warn_of_limits(request, option)
    return _back(request, _("%(option)s is on sale again.") % {"option": _name(option)})


@require_POST
@for_admins
def move(request: LocationRequest, slug: str, option_id: int) -> HttpResponseBase:
    """Move an option in the selling order; the script of the page asks without leaving it."""
    option = get_object_or_404(CreditOption.objects.on_sale(), pk=option_id)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    move_option(option_id=option_id, to=form.cleaned_data["to"], by=request.user, at=now())
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    address = reverse("community:credit_options", args=[slug])
    messages.success(request, _("%(option)s moved.") % {"option": _name(option)})
    return redirect(f"{address}#handle-{option_id}")


def warn_of_limits(request: HttpRequest, option: CreditOption) -> None:
    """Say which gateways are not offered for such an amount."""
    currency = option.location.currency
    total_minor = apply_tax(option.price_minor, option.location.tax).total_minor
    for connection in GatewayConnection.objects.connected():
        abilities = abilities_of(connection.gateway)
        breach = abilities.breach(total_minor, currency)
        if breach and abilities.takes_currency(currency):
            facts = {
                "total": format_money(total_minor, currency),
                "gateway": connection,
                "limit": format_money(breach.minor, currency),
            }
            messages.warning(request, str(NOT_OFFERED[breach.limit]) % facts)


def _rows_on_sale(request: LocationRequest) -> list[OptionRow]:
    sold = Count("purchases", filter=Q(purchases__state=Purchase.State.COMPLETED))
    location = request.location
    rows = []
    for option in CreditOption.objects.on_sale().annotate(sold=sold):
        total_minor = apply_tax(option.price_minor, location.tax).total_minor
        unit_price = format_unit_price(total_minor, option.credits, location.currency)
        rows.append(OptionRow(option, total_minor, unit_price, option.sold))
    return rows


def _form_page(
    request: LocationRequest, form: OptionForm, option: CreditOption | None = None
) -> HttpResponse:
    focus_first_error(form)
    context = {"form": form, "option": option}
    return render(request, "community/credit_option_form.html", context)


def _back(request: LocationRequest, words: str) -> HttpResponseBase:
    messages.success(request, words)
    return lead_to(request, reverse("community:credit_options", args=[request.location.slug]))


def _name(option: CreditOption) -> str:
    return say_credits(option.credits)
