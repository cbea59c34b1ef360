"""Movements of real money, and cards on file."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from community.api.access import Caller
from community.api.fields import AmountField
from community.api.filters import OfCustomer, before, not_before
from community.api.views import DetailView, ListView
from payments.models import Card, Transaction


class TransactionOut(serializers.Serializer[Transaction]):
    id = serializers.UUIDField(source="key")
    customer = serializers.IntegerField(source="customer_id")
    kind = serializers.ChoiceField(choices=Transaction.Kind.choices)
    state = serializers.ChoiceField(choices=Transaction.State.choices)
    amount = AmountField("amount_minor")
    gateway = serializers.CharField(source="connection.gateway")
    reference = serializers.CharField(help_text="The gateway's.")
    paid_with = serializers.CharField()
    bill = serializers.IntegerField(source="bill_id", allow_null=True)
    failure_code = serializers.CharField()
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class CardOut(serializers.Serializer[Card]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    brand = serializers.CharField()
    last4 = serializers.CharField()
    expires = serializers.CharField()
    is_default = serializers.BooleanField()


class TransactionFilter(OfCustomer):
    state = django_filters.ChoiceFilter(choices=Transaction.State.choices)
    kind = django_filters.ChoiceFilter(choices=Transaction.Kind.choices)
    since = not_before("created_at")
    until = before("created_at")


def transactions_seen(caller: Caller) -> QuerySet[Transaction]:
    seen: QuerySet[Transaction] = Transaction.objects.visible_to(caller.principal)
    return seen.select_related("connection")


def cards_seen(caller: Caller) -> QuerySet[Card]:
    """Kept ones: a key sees all, it buys with them; a person theirs, whatever their role."""
    whose = Card.objects.all() if caller.key else Card.objects.visible_to(caller.principal)
    kept: QuerySet[Card] = whose.kept()
    return kept


@extend_schema(tags=["Payments"])
class TransactionList(ListView):
    """Charges, with what became of them."""

    rows = staticmethod(transactions_seen)
    serializer_class = TransactionOut
    filterset_class = TransactionFilter


@extend_schema(tags=["Payments"])
class TransactionDetail(DetailView):
    """One movement of money."""

    rows = staticmethod(transactions_seen)
    serializer_class = TransactionOut
    lookup_field = "key"


@extend_schema(tags=["Payments"])
class CardList(ListView):
    """Cards on file that a purchase may be paid with."""

    rows = staticmethod(cards_seen)
    serializer_class = CardOut
    filterset_class = OfCustomer
