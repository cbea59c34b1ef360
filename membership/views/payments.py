from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.models import Receipt
from billing.selectors import exemptions_of
from billing.services import receivers_of
from community.access import LocationRequest, for_members
from community.models import CompanyMember
from membership.models import Purchase
from membership.selectors import with_credit_notes
from membership.services.companies import permit_company_money, remove_company_card
from membership.views.whose import Whose, managed, managers_of, switch_links, whose
from payments.models import Card, Transaction
from payments.services.cards import remove_card

PER_PAGE = 25
PEOPLE_PER_PAGE = 25


@require_GET
@for_members
def transactions(
    request: LocationRequest, slug: str, company_id: int | None = None
) -> HttpResponseBase:
    about = whose(request, company_id)
    page = Paginator(_payments(request, about), PER_PAGE).get_page(request.GET.get("page"))
    cards = _cards(about) if _sees_cards(about) else []
    return render(
        request,
        "membership/payments.html",
        {
            "whose": about,
            "switch": switch_links(request, about, "payments"),
            "page": page,
            "rows": with_credit_notes(page),
            "cards": cards,
            "may_add_card": about.sees_everything and about.is_open and request.principal.may_buy,
            **_permissions(request, about),
        },
    )


def _cards(about: Whose) -> QuerySet[Card]:
    kept = Card.objects.kept().with_expiry(localtime(now()).date())
    cards: QuerySet[Card] = kept.filter(customer_id=about.customer_id)
    return cards


def _payments(request: LocationRequest, about: Whose) -> QuerySet[Transaction]:
    """All of a customer's; a company member sees those that they made themself."""
    payments = Transaction.objects.filter(customer_id=about.customer_id)
    if not about.sees_everything:
        own = request.principal.member_id
        payments = payments.filter(
            Q(purchase__bought_by_id=own) | Q(charge__purchase__bought_by_id=own)
        )
    found: QuerySet[Transaction] = payments.with_what_they_are_for().newest_first()
    return found


def _sees_cards(about: Whose) -> bool:
    return about.company is None or about.company.is_manager or about.company.may_use_card


def _permissions(request: LocationRequest, about: Whose) -> dict[str, Any]:
    """Who may use the company's money: managers decide, members are told whom to ask."""
    if about.company is None:
        return {}
    company_id = about.company.company_id
    if not about.company.is_manager:
        return {"ask": managers_of(company_id, else_ask=request.location.name)}
    members = (
        CompanyMember.objects.filter(company_id=company_id)
        .exclude(role=CompanyMember.Role.MANAGER)
        .by_name()
    )
    people = Paginator(members, PEOPLE_PER_PAGE).get_page(request.GET.get("people"))
    return {"people": people}


@require_POST
@for_members
def permit(request: LocationRequest, slug: str, company_id: int, place_id: int) -> HttpResponseBase:
    """Let a member of the company use its card and bill, or no longer."""
    about = managed(request, company_id)
    place = get_object_or_404(CompanyMember, pk=place_id, company_id=company_id)
    if not request.principal.may_buy:
        raise PermissionDenied(_("Your membership is suspended, so you can't decide this now."))
    try:
        permit_company_money(
            place=place,
            may_use_card="may_use_card" in request.POST,
            may_use_bill="may_use_bill" in request.POST,
            by=request.user,
            at=now(),
            as_manager=True,
        )
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("Saved. It counts from now on, in open checkouts too."))
    return redirect(about.payments_url)


@require_POST
@for_members
def remove(
    request: LocationRequest, slug: str, card_id: int, company_id: int | None = None
) -> HttpResponseBase:
    about = whose(request) if company_id is None else managed(request, company_id)
    card = get_object_or_404(Card.objects.kept().filter(customer_id=about.customer_id), pk=card_id)
    try:
        if about.company:
            remove_company_card(card=card, company_id=about.company.company_id, by=request.user)
        else:
            remove_card(card=card)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("%(card)s removed.") % {"card": card})
    return redirect(about.payments_url)


@require_GET
def receipt(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    """Show the document to whoever it is made out to or paid, and to the location's staff."""
    found = find_receipt(request, number)
    return render(
        request,
        "membership/receipt.html",
        {
            "receipt": found,
            "exemptions": exemptions_of(found.lines.all()),
            "credit_notes": found.credit_notes.order_by("pk"),
            "receivers": receivers_of(found.customer) if request.principal.is_admin else [],
        },
    )


def find_receipt(request: LocationRequest, number: str) -> Receipt:
    """Find a receipt that the reader may see; else 404."""
    mine = Receipt.objects.visible_to(request.principal).values("pk")
    bought = Purchase.objects.own_to(request.principal).values("receipt")
    found: Receipt = get_object_or_404(
        Receipt.objects.filter(Q(pk__in=mine) | Q(pk__in=bought))
        .select_related("customer__member__user", "customer__company")
        .prefetch_related("lines"),
        number=number,
    )
    return found
