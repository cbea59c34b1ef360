"""Membership > Payments > Saved cards: keep one without buying, choose which is offered first."""

from uuid import UUID

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.access import LocationRequest, for_members
from community.models import Member
from membership.services.keeping_cards import (
    CardNotEntered,
    Keeper,
    choose_default_card,
    keep_card,
    open_card,
)
from membership.tickets import new_key
from membership.views.going import go, is_script
from membership.views.refusals import status_of
from membership.views.whose import Whose, managed, whose
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable
from payments.models import Card, GatewayConnection

log = structlog.get_logger(__name__)


@require_http_methods(["GET", "POST"])
@for_members
def add(request: LocationRequest, slug: str, company_id: int | None = None) -> HttpResponseBase:
    about = _own(request, company_id)
    if not request.principal.may_buy:
        raise PermissionDenied(_("Your membership is suspended, so you can't add cards now."))
    if request.method == "POST":
        return _open(request, about)
    return render(
        request,
        "membership/add_card.html",
        {
            "whose": about,
            "connection": GatewayConnection.objects.for_cards().first(),
            "stripe_js": settings.STRIPE_JS_URL,
            "key": new_key(),
            "declined": request.GET.get("declined", "")[:60],
        },
    )


@require_POST
@for_members
def confirm(
    request: LocationRequest, slug: str, card_id: int, company_id: int | None = None
) -> HttpResponseBase:
    """Keep the card, once the browser has entered it."""
    about = _own(request, company_id)
    get_object_or_404(Card, pk=card_id, customer_id=about.customer_id)
    try:
        card = keep_card(keeper=_keeper(request, about), card_id=card_id, at=now())
    except CardNotEntered as refusal:
        return go(request, "refused", _again(about, refusal.failure))
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return go(request, "refused", about.payments_url)
    except (GatewayUnavailable, GatewayRefused) as trouble:
        return _silent(request, about, trouble)
    messages.success(request, _("%(card)s saved.") % {"card": card})
    return go(request, "done", about.payments_url)


@require_POST
@for_members
def make_default(
    request: LocationRequest, slug: str, card_id: int, company_id: int | None = None
) -> HttpResponseBase:
    about = _own(request, company_id)
    get_object_or_404(Card.objects.kept().filter(customer_id=about.customer_id), pk=card_id)
    try:
        card = choose_default_card(keeper=_keeper(request, about), card_id=card_id, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("%(card)s is offered first.") % {"card": card})
    return redirect(about.payments_url)


def _open(request: LocationRequest, about: Whose) -> HttpResponseBase:
    if not is_script(request):
        messages.error(request, _("Entering a card needs JavaScript."))
        return redirect(about.payments_url)
    try:
        key = UUID(request.POST.get("key", ""))
        card, setup = open_card(keeper=_keeper(request, about), key=key, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return go(request, "refused", about.payments_url, status=status_of(refusal))
    except ValueError:  # no key of ours: look at the page again
        return go(request, "refused", about.url("add_card"))
    except (GatewayUnavailable, GatewayRefused) as trouble:
        return _silent(request, about, trouble)
    return JsonResponse(
        {
            "state": "setup",
            "client_secret": setup.client_secret,
            "confirm_url": about.url("confirm_card", card.pk),
        }
    )


def _silent(
    request: LocationRequest, about: Whose, trouble: GatewayUnavailable | GatewayRefused
) -> HttpResponseBase:
    log.warning("card_not_saved", customer=about.customer_id, reason=str(trouble))
    messages.error(request, _("The payment service can't be reached now. Try again in a minute."))
    return go(request, "refused", about.payments_url)


def _own(request: LocationRequest, company_id: int | None) -> Whose:
    return whose(request) if company_id is None else managed(request, company_id)


def _keeper(request: LocationRequest, about: Whose) -> Keeper:
    member = Member.objects.get(pk=request.principal.member_id)
    return Keeper(member, about.company_id)


def _again(about: Whose, failure: str) -> str:
    return f"{about.url('add_card')}?{urlencode({'declined': failure})}"
