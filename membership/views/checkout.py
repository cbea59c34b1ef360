"""Choosing how to pay for an option, and ordering it."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from billing.selectors import exemption_words
from community.access import LocationRequest, for_members
from community.models import Member
from credits.models import CreditOption
from membership.forms import CheckoutForm
from membership.models import Purchase
from membership.services.buyers import Order, look_at_buyer, plan_terms
from membership.services.instant import buy_on_bill, claim_free
from membership.services.purchases import start_purchase
from membership.services.quotes import PlanTerms, Quote, QuoteChanged, quote_option
from membership.services.refusals import NotInCompany
from membership.services.transfers import order_transfer
from membership.statements import BuyerFacts
from membership.tickets import Ticket, TicketNotValid, new_key, seal, unseal
from membership.views.alerts import Alert, alert_for
from membership.views.going import go, is_script, refuse
from membership.views.offers import Offers, offers_to
from membership.views.paying import (
    ask_for_card,
    asks_for_card,
    card_connection,
    card_order,
    next_step,
    pay,
    redirecting,
)
from membership.views.purchases import steps_of
from membership.views.whose import Whose, whose
from payments.models import Card, GatewayConnection

NEXT_KEYS = "next_purchase_keys"  # in the session
WAYS = {"bill": buy_on_bill, "free": claim_free, "transfer": order_transfer}  # without a card


@dataclass(frozen=True)
class Counter:
    """What the checkout reads once: whom it is for, what it costs, how it can be paid."""

    about: Whose
    facts: BuyerFacts
    terms: PlanTerms | None
    quote: Quote
    connections: list[GatewayConnection]
    cards: list[Card]

    @property
    def connection(self) -> GatewayConnection | None:
        """The one that charges cards."""
        return card_connection(self.connections)

    def offers(self) -> Offers:
        return offers_to(self.facts, self.quote, connections=self.connections, cards=self.cards)


@require_http_methods(["GET", "POST"])
@for_members
def checkout(
    request: LocationRequest, slug: str, option_id: int, company_id: int | None = None
) -> HttpResponseBase:
    option = get_object_or_404(CreditOption, pk=option_id)
    try:
        about = whose(request, company_id)
    except Http404:
        if not _was_in_company(request, option_id, company_id):
            raise
        return refuse(request, whose(request), "not_in_company")
    if code := _closed(request, option, about):
        return refuse(request, about, code)
    if checked := _being_checked(request, option, about):
        return go(request, "done", steps_of(request, checked).page)
    try:
        counter = _counter(request, option, about)
    except NotInCompany:  # taken out since the request began
        return refuse(request, whose(request), "not_in_company")
    if request.method == "POST":
        return _buy(request, counter)
    return _show_checkout(request, counter)


def _closed(request: LocationRequest, option: CreditOption, about: Whose) -> str:
    """The code of why there is nothing to check out, whatever way is chosen."""
    if option.archived_at:
        return "option_not_on_sale"
    if not request.principal.may_buy:
        return "not_an_active_member"
    return "" if about.is_open else "company_closed"


def _being_checked(request: LocationRequest, option: CreditOption, about: Whose) -> Purchase | None:
    """Their purchase of it that may be paid: until that is known, there is no second one."""
    checked: Purchase | None = (
        Purchase.objects.being_checked()
        .select_related("charge", "location", "customer")
        .filter(
            bought_by_id=request.principal.member_id,
            customer_id=about.customer_id,
            option_id=option.pk,
        )
        .first()
    )
    return checked


def _was_in_company(request: LocationRequest, option_id: int, company_id: int | None) -> bool:
    """Whether they confirm what they saw while they still belonged to the company."""
    try:
        unseal(
            request.POST.get("quote", ""),
            member_id=request.principal.member_id,
            option_id=option_id,
            company_id=company_id,
        )
    except TicketNotValid:
        return False
    return True


def _counter(request: LocationRequest, option: CreditOption, about: Whose) -> Counter:
    facts = look_at_buyer(
        member_id=request.principal.member_id,
        location_id=request.location.pk,
        company_id=about.company_id,
        at=now(),
    )
    terms = plan_terms(facts)
    return Counter(
        about=about,
        facts=facts,
        terms=terms,
        quote=quote_option(option, request.location, terms, exemption=facts.exemption),
        connections=list(GatewayConnection.objects.connected()),
        cards=list(Card.objects.kept().filter(customer_id=about.customer_id)),
    )


def _show_checkout(request: LocationRequest, counter: Counter) -> HttpResponseBase:
    quote, about = counter.quote, counter.about
    alert = alert_for(request, about, quote)
    ticket = Ticket(
        member_id=request.principal.member_id,
        key=_next_key(request, about, quote.option_id),
        quote=quote,
        company_id=about.company_id,
    )
    offers = counter.offers()
    return render(
        request,
        "membership/checkout.html",
        {
            "whose": about,
            "quote": quote,
            "exemption": exemption_words(quote.tax.exemption),
            "terms": counter.terms,
            "offers": offers,
            "chosen_method": offers.first_open,
            "ticket": seal(ticket),
            "connection": counter.connection,
            "cards": counter.cards,
            "new_card": counter.facts.is_manager,
            "may_keep": True,
            "chosen_card": _chosen_card(counter, alert),
            "stripe_js": settings.STRIPE_JS_URL,
            "alert": alert,
        },
    )


def _next_key(request: LocationRequest, about: Whose, option_id: int) -> UUID:
    """The key of the next purchase of the option, one for all tabs: paying in two buys once."""
    keys = request.session.get(NEXT_KEYS, {})
    place = f"{option_id}:{about.company_id}" if about.company_id else str(option_id)
    key = keys.get(place)
    if key is None or Purchase.objects.filter(key=key).exists():
        key = str(new_key())
        request.session[NEXT_KEYS] = {**keys, place: key}
    return UUID(key)


def _buy(request: LocationRequest, counter: Counter) -> HttpResponseBase:
    """Start the purchase that the buyer confirmed, and take its first step."""
    about, option_id = counter.about, counter.quote.option_id
    form = CheckoutForm(
        request.POST, cards=counter.cards, redirects=redirecting(counter.connections)
    )
    if code := _unfit(request, form):
        return refuse(request, about, code, option_id=option_id)
    try:
        ticket = unseal(
            form.cleaned_data["quote"],
            member_id=request.principal.member_id,
            option_id=option_id,
            company_id=about.company_id,
        )
        purchase = _order(form, ticket, counter)
    except QuoteChanged:
        return refuse(request, about, "", option_id=option_id, seen=form.cleaned_data["quote"])
    except ValidationError as refusal:
        return refuse(request, about, refusal.code or "", option_id=option_id)
    steps = steps_of(request, purchase)
    if purchase.state != Purchase.State.PENDING or not _is_as_chosen(form, purchase, counter):
        return next_step(request, steps)  # done at once, or another tab was quicker
    assert purchase.charge
    if form.by_new_card and asks_for_card(purchase.charge):
        return ask_for_card(request, steps)
    return pay(request, steps)


def _is_as_chosen(form: CheckoutForm, purchase: Purchase, counter: Counter) -> bool:
    """Whether it is paid the way that was chosen here: another tab may have ordered it first."""
    if purchase.charge is None or not form.at_gateway:
        return False
    return purchase.charge.connection_id == card_order(form, counter.connections).connection_id


def _unfit(request: LocationRequest, form: CheckoutForm) -> str:
    """The code of why what was posted is no order."""
    if not form.is_valid():
        return "card_not_usable" if "card" in form.errors else "ticket_not_valid"
    if form.by_new_card and not is_script(request):
        return "card_needs_script"
    return ""


def _order(form: CheckoutForm, ticket: Ticket, counter: Counter) -> Purchase:
    member = Member.objects.get(pk=ticket.member_id)
    if not form.at_gateway:
        order = Order(member, ticket.company_id, ticket.quote, ticket.key)
        return WAYS[form.cleaned_data["method"]](order=order, at=now())
    return start_purchase(
        member=member,
        company_id=ticket.company_id,
        option_id=ticket.quote.option_id,
        order=card_order(form, counter.connections),
        seen=ticket.quote,
        key=ticket.key,
        at=now(),
    )


def _chosen_card(counter: Counter, alert: Alert | None) -> int | None:
    """Which card is ticked when the page opens: none, so a new one, after a decline."""
    if not counter.cards or (alert and alert.declined and counter.facts.is_manager):
        return None
    return counter.cards[0].pk
