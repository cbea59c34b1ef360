"""Quotes and purchases: the same rules, prices and limits as at the checkout."""

from typing import Any

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from community.api.access import Caller, Scope
from community.api.asking import read_body
from community.api.fields import AmountField, CreditsField, Money, MoneyField
from community.api.filters import OfCustomer, before, not_before
from community.api.once import once, once_in_steps
from community.api.views import ApiView, DetailView, ListView
from community.models import Company, Member
from credits.models import CreditOption
from membership.models import Purchase
from membership.services.buyers import (
    Order,
    bill_refusal,
    buyer_refusal,
    card_refusal,
    claim_refusal,
    look_at_buyer,
    plan_terms,
)
from membership.services.instant import buy_on_bill, claim_free
from membership.services.paying import pay_charge
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import Quote, quote_option
from membership.services.refusals import CardNotUsable, MethodNotOpen, PurchaseRefused
from membership.statements import BuyerFacts
from membership.tickets import Ticket, new_key, read_ticket, seal
from payments.models import Card, GatewayConnection

CARD, BILL, FREE = "card", "bill", "free"


class QuoteAsked(serializers.Serializer[Quote]):
    option = serializers.IntegerField()
    member = serializers.IntegerField(help_text="Who buys.")
    company = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="For whom, if not for themself."
    )


class MethodOut(serializers.Serializer[dict[str, Any]]):
    method = serializers.ChoiceField(choices=[CARD, BILL, FREE])
    open = serializers.BooleanField()
    code = serializers.CharField(allow_blank=True, help_text="Why it is closed.")


class QuoteOut(serializers.Serializer[dict[str, Any]]):
    quote = serializers.CharField(help_text="Send it to buy. Good for one purchase, for a day.")
    option = serializers.IntegerField()
    credits = CreditsField()
    expiry_months = serializers.IntegerField(allow_null=True)
    list_price = MoneyField()
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    net = MoneyField()
    tax = MoneyField()
    total = MoneyField()
    methods = MethodOut(many=True)


class PurchaseAsked(serializers.Serializer[Purchase]):
    quote = serializers.CharField(max_length=4000)
    method = serializers.ChoiceField(choices=[CARD, BILL, FREE])
    card = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="One on file; the usual, if none."
    )


class PurchaseOut(serializers.Serializer[Purchase]):
    id = serializers.UUIDField(source="key")
    customer = serializers.IntegerField(source="customer_id")
    member = serializers.IntegerField(source="bought_by_id")
    option = serializers.IntegerField(source="option_id")
    credits = CreditsField()
    list_price = AmountField("list_price_minor")
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    net = AmountField("net_minor")
    tax = AmountField("tax_minor")
    total = AmountField("total_minor")
    method = serializers.ChoiceField(choices=Purchase.Method.choices)
    state = serializers.ChoiceField(choices=Purchase.State.choices)
    entry = serializers.IntegerField(source="accrual_id", allow_null=True)
    receipt = serializers.IntegerField(source="receipt_id", allow_null=True)
    bill = serializers.IntegerField(source="bill_item.bill_id", default=None, allow_null=True)
    failure_code = serializers.CharField(source="charge.failure_code", default="")
    page = serializers.SerializerMethodField(help_text="Where the buyer goes on, if they must.")
    created_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.URLField())
    def get_page(self, purchase: Purchase) -> str:
        path = reverse("membership:purchase", args=[purchase.location.slug, purchase.key])
        return f"{settings.BASE_URL}{path}"


class PurchaseFilter(OfCustomer):
    state = django_filters.ChoiceFilter(choices=Purchase.State.choices)
    method = django_filters.ChoiceFilter(choices=Purchase.Method.choices)
    since = not_before("created_at")
    until = before("created_at")


def purchases_seen(caller: Caller) -> QuerySet[Purchase]:
    seen: QuerySet[Purchase] = Purchase.objects.visible_to(caller.principal)
    return seen.select_related("location", "bill_item", "charge")


class Quotes(ApiView):
    needs = {"POST": Scope.SELL}
    is_once = False  # it moves nothing

    @extend_schema(
        operation_id="quote", request=QuoteAsked, responses={201: QuoteOut}, tags=["Buying"]
    )
    def post(self, request: Request) -> Response:
        """What an option costs this buyer now, and how it may be paid."""
        asked = read_body(QuoteAsked, request)
        member = _member(self.caller, asked["member"])
        if asked["company"]:
            get_object_or_404(
                Company.objects.visible_to(self.caller.principal), pk=asked["company"]
            )
        option = get_object_or_404(CreditOption, pk=asked["option"])
        facts = look_at_buyer(
            member_id=member.pk,
            location_id=self.caller.location.pk,
            company_id=asked["company"],
            at=now(),
        )
        if refusal := buyer_refusal(facts):
            raise refusal
        quote = quote_option(
            option, self.caller.location, plan_terms(facts), exemption=facts.exemption
        )
        ticket = Ticket(member.pk, new_key(), quote, asked["company"])
        return Response(QuoteOut(_told(ticket, facts)).data, status=201)


class PurchaseList(ListView):
    """Purchases: a key sees all, a person their own and those of companies they manage."""

    needs = {"POST": Scope.SELL}
    rows = staticmethod(purchases_seen)
    serializer_class = PurchaseOut
    filterset_class = PurchaseFilter

    @extend_schema(tags=["Buying"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="purchase",
        request=PurchaseAsked,
        responses={201: PurchaseOut},
        filters=False,
        tags=["Buying"],
    )
    def post(self, request: Request) -> Response:
        """Buy what was quoted, by a card on file, on the bill, or for free. It can't be undone."""
        asked = read_body(PurchaseAsked, request)

        def work() -> Response:
            ticket = read_ticket(asked["quote"])
            member = _member(self.caller, ticket.member_id)
            order = Order(member, ticket.company_id, ticket.quote, ticket.key, self.caller.key)
            purchase = _buy(order, asked["method"], asked["card"])
            bought = get_object_or_404(purchases_seen(self.caller), pk=purchase.pk)
            return Response(PurchaseOut(bought).data, status=201)

        doing = once_in_steps if asked["method"] == CARD else once
        return doing(request, work)


@extend_schema(tags=["Buying"])
class PurchaseDetail(DetailView):
    """One purchase."""

    rows = staticmethod(purchases_seen)
    serializer_class = PurchaseOut
    lookup_field = "key"


def _member(caller: Caller, pk: int) -> Member:
    """The buyer: whoever it is for a key, oneself for a session."""
    if not caller.key and pk != caller.principal.member_id:
        raise PermissionDenied(code="only_for_oneself")
    member: Member = get_object_or_404(Member, pk=pk)
    return member


def _buy(order: Order, method: str, card_id: int | None) -> Purchase:
    if method == BILL:
        return buy_on_bill(order=order, at=now())
    if method == FREE:
        return claim_free(order=order, at=now())
    card = _card(order, card_id)
    purchase = start_purchase(
        member=order.member,
        company_id=order.company_id,
        option_id=order.seen.option_id,
        order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
        seen=order.seen,
        key=order.key,
        api_key=order.api_key,
        at=now(),
    )
    if purchase.state == Purchase.State.PENDING and purchase.charge:
        pay_charge(charge=purchase.charge, at=now())
    return purchase


def _card(order: Order, card_id: int | None) -> Card:
    """The card that is named, or the usual one; it must be theirs."""
    company = order.company_id
    whose = {"customer__company_id": company} if company else {"customer__member": order.member}
    cards = Card.objects.kept().filter(**whose).order_by("-is_default", "-pk")
    card: Card | None = (cards.filter(pk=card_id) if card_id else cards).first()
    if card is None:
        raise CardNotUsable
    return card


def _told(ticket: Ticket, facts: BuyerFacts) -> dict[str, Any]:
    quote = ticket.quote
    return {
        "quote": seal(ticket),
        "option": quote.option_id,
        "credits": quote.credits,
        "expiry_months": quote.expiry_months,
        "list_price": Money(quote.list_price_minor, quote.currency),
        "discount_percent": quote.discount_percent,
        "net": Money(quote.amount.net_minor, quote.currency),
        "tax": Money(quote.amount.tax_minor, quote.currency),
        "total": Money(quote.total_minor, quote.currency),
        "methods": _methods(facts, quote),
    }


def _methods(facts: BuyerFacts, quote: Quote) -> list[dict[str, Any]]:
    if quote.is_free:
        return [_method(FREE, claim_refusal(facts))]
    no_cards = None if GatewayConnection.objects.for_cards().exists() else MethodNotOpen()
    return [
        _method(CARD, no_cards or card_refusal(facts)),
        _method(BILL, bill_refusal(facts, quote.credits)),
    ]


def _method(method: str, refusal: PurchaseRefused | None) -> dict[str, Any]:
    return {"method": method, "open": refusal is None, "code": refusal.code if refusal else ""}
