"""Bills with their items, receipts, and both as PDF."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from billing.documents import bill_pdf, receipt_pdf
from billing.models import Bill, BillItem, Receipt
from community.api.access import Caller, Scope
from community.api.asking import domain_key, read_body
from community.api.fields import AmountField, TextField
from community.api.filters import OfCustomer, before, not_before
from community.api.once import once
from community.api.views import ApiView, DetailView, ListView
from community.money import MAX_MINOR
from membership.services.bill_keeping import add_manual_item


class BillOut(serializers.Serializer[Bill]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    number = serializers.CharField(help_text="Empty until it is issued.")
    state = serializers.ChoiceField(choices=Bill.State.choices)
    period_start = serializers.DateField(allow_null=True)
    period_end = serializers.DateField(allow_null=True, help_text="The first day after it.")
    net = AmountField("net_minor")
    tax = AmountField("tax_minor")
    total = AmountField("total_minor")
    to_pay = AmountField("to_pay_minor", help_text="The total without what was credited.")
    opened_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)


class ItemOut(serializers.Serializer[BillItem]):
    id = serializers.IntegerField()
    bill = serializers.IntegerField(source="bill_id")
    source = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    net = AmountField("net_minor", currency="bill.currency")
    tax = AmountField("tax_minor", currency="bill.currency")
    total = AmountField("total_minor", currency="bill.currency")


class NewManualItem(serializers.Serializer[BillItem]):
    description = TextField(max_length=120)
    price_minor = serializers.IntegerField(
        min_value=1, max_value=MAX_MINOR, help_text="In the location's currency, as its prices."
    )


class ReceiptOut(serializers.Serializer[Receipt]):
    id = serializers.IntegerField()
    number = serializers.CharField()
    customer = serializers.IntegerField(source="customer_id")
    net = AmountField("net_minor")
    tax = AmountField("tax_minor")
    total = AmountField("total_minor")
    paid_with = serializers.CharField()
    paid_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField()


class BillFilter(OfCustomer):
    state = django_filters.ChoiceFilter(choices=Bill.State.choices)
    number = django_filters.CharFilter()
    since = not_before("opened_at")
    until = before("opened_at")


class ReceiptFilter(OfCustomer):
    number = django_filters.CharFilter()
    since = not_before("issued_at")
    until = before("issued_at")


class Pdf(BaseRenderer):
    """Lets a client ask for application/pdf; the view answers with the file itself."""

    media_type = "application/pdf"
    format = "pdf"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return JSONRenderer().render(data)


def bills_seen(caller: Caller) -> QuerySet[Bill]:
    seen: QuerySet[Bill] = Bill.objects.visible_to(caller.principal)
    return seen


def receipts_seen(caller: Caller) -> QuerySet[Receipt]:
    seen: QuerySet[Receipt] = Receipt.objects.visible_to(caller.principal)
    return seen


@extend_schema(tags=["Bills"])
class BillList(ListView):
    """Bills, open ones too."""

    rows = staticmethod(bills_seen)
    serializer_class = BillOut
    filterset_class = BillFilter


@extend_schema(tags=["Bills"])
class BillDetail(DetailView):
    """One bill."""

    rows = staticmethod(bills_seen)
    serializer_class = BillOut


class BillItems(ListView):
    """What is on a bill."""

    needs = {"POST": Scope.MANAGE}
    serializer_class = ItemOut

    def get_queryset(self) -> QuerySet[BillItem]:
        bill = get_object_or_404(bills_seen(self.caller), pk=self.kwargs["pk"])
        items: QuerySet[BillItem] = BillItem.objects.standing().filter(bill=bill)
        return items.select_related("bill")

    @extend_schema(tags=["Bills"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="add_bill_item",
        request=NewManualItem,
        responses={201: ItemOut},
        tags=["Bills"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Put something on an open bill, taxed as the customer's purchases are."""
        asked = read_body(NewManualItem, request)

        def work() -> Response:
            bill = get_object_or_404(bills_seen(self.caller), pk=pk)
            item = add_manual_item(
                bill_id=bill.pk,
                description=asked["description"],
                price_minor=asked["price_minor"],
                key=domain_key(request),
                by=self.caller.acts_as,
                api_key=self.caller.key,
                at=now(),
            )
            return Response(ItemOut(item).data, status=201)

        return once(request, work)


class BillPdf(ApiView):
    renderer_classes = (Pdf, JSONRenderer)

    @extend_schema(
        operation_id="bill_pdf",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["Bills"],
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """An issued bill as PDF; an open one is no document yet."""
        bill = get_object_or_404(bills_seen(self.caller).exclude(number=""), pk=pk)
        return HttpResponse(bill_pdf(bill), content_type="application/pdf")


@extend_schema(tags=["Bills"])
class ReceiptList(ListView):
    """Receipts of what was paid at once."""

    rows = staticmethod(receipts_seen)
    serializer_class = ReceiptOut
    filterset_class = ReceiptFilter


@extend_schema(tags=["Bills"])
class ReceiptDetail(DetailView):
    """One receipt."""

    rows = staticmethod(receipts_seen)
    serializer_class = ReceiptOut


class ReceiptPdf(ApiView):
    renderer_classes = (Pdf, JSONRenderer)

    @extend_schema(
        operation_id="receipt_pdf",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["Bills"],
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """A receipt as PDF."""
        receipt = get_object_or_404(receipts_seen(self.caller), pk=pk)
        return HttpResponse(receipt_pdf(receipt), content_type="application/pdf")
