"""Options, wallets, entries and lots, to read."""

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from community.api.access import Caller
from community.api.fields import AmountField, CreditsField
from community.api.filters import OfWallet, before, not_before
from community.api.views import ApiView, DetailView, ListView
from community.models import Customer
from credits.models import CreditOption, Entry, Lot
from credits.selectors import WalletView, look_at_wallet


class OptionOut(serializers.Serializer[CreditOption]):
    id = serializers.IntegerField()
    credits = CreditsField()
    price = AmountField("price_minor", currency="location.currency")
    expiry_months = serializers.IntegerField(allow_null=True)


class WalletOut(serializers.Serializer[WalletView]):
    customer = serializers.IntegerField(source="customer_id")
    balance = CreditsField()
    held = CreditsField()
    available = CreditsField()
    as_of = serializers.DateTimeField()


class EntryOut(serializers.Serializer[Entry]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="wallet.customer_id")
    credits = CreditsField()
    balance_after = CreditsField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Entry.Reason.choices, source="reason")
    reason = serializers.CharField(source="note")
    reference = serializers.CharField()
    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)
    happened_at = serializers.DateTimeField()


class LotOut(serializers.Serializer[Lot]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="wallet.customer_id")
    entry = serializers.IntegerField(source="entry_id")
    credits = CreditsField()
    remaining = CreditsField()
    held = CreditsField()
    lapses_at = serializers.DateTimeField(allow_null=True)


class AsOf(serializers.Serializer[WalletView]):
    at = serializers.DateTimeField(
        default=None, help_text="The balance as it was then; now, if left out."
    )


class EntryFilter(OfWallet):
    kind = django_filters.ChoiceFilter(field_name="reason", choices=Entry.Reason.choices)
    reference = django_filters.CharFilter()
    since = not_before("happened_at")
    until = before("happened_at")


class LotFilter(OfWallet):
    empty = django_filters.BooleanFilter(method="are")

    def are(self, lots: QuerySet[Lot], _name: str, value: bool) -> QuerySet[Lot]:  # noqa: FBT001
        found: QuerySet[Lot] = lots.filter(remaining=0) if value else lots.filter(remaining__gt=0)
        return found


def options_on_sale(_caller: Caller) -> QuerySet[CreditOption]:
    options: QuerySet[CreditOption] = CreditOption.objects.filter(archived_at=None)
    return options.select_related("location")


def entries_seen(caller: Caller) -> QuerySet[Entry]:
    seen: QuerySet[Entry] = Entry.objects.visible_to(caller.principal)
    return seen.select_related("wallet__customer")


def lots_seen(caller: Caller) -> QuerySet[Lot]:
    seen: QuerySet[Lot] = Lot.objects.visible_to(caller.principal)
    return seen.select_related("wallet__customer")


@extend_schema(tags=["Credits"])
class OptionList(ListView):
    """What is on sale, at list price; a quote says what a customer pays."""

    rows = staticmethod(options_on_sale)
    serializer_class = OptionOut


class WalletDetail(ApiView):
    @extend_schema(operation_id="wallet", responses=WalletOut, parameters=[AsOf], tags=["Credits"])
    def get(self, request: Request, pk: int) -> Response:
        """What a customer has, now or at a time before."""
        asked = AsOf(data=request.query_params)
        asked.is_valid(raise_exception=True)
        customer = get_object_or_404(Customer.objects.visible_to(self.caller.principal), pk=pk)
        wallet = look_at_wallet(customer_id=customer.pk, then=asked.validated_data["at"], at=now())
        return Response(WalletOut(wallet).data)


@extend_schema(tags=["Credits"])
class EntryList(ListView):
    """Every movement of credits."""

    rows = staticmethod(entries_seen)
    serializer_class = EntryOut
    filterset_class = EntryFilter


@extend_schema(tags=["Credits"])
class EntryDetail(DetailView):
    """One movement of credits."""

    rows = staticmethod(entries_seen)
    serializer_class = EntryOut


@extend_schema(tags=["Credits"])
class LotList(ListView):
    """What is left of each accrual, what of it is held, and when it lapses."""

    rows = staticmethod(lots_seen)
    serializer_class = LotOut
    filterset_class = LotFilter
