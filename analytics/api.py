"""Revenue by month and source, from the rollup."""

from typing import Any

from django.db.models import Sum
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.models import RevenueMonth, Source
from community.api.fields import Money, MoneyField
from community.api.views import ApiView


class RevenueOut(serializers.Serializer[dict[str, Any]]):
    month = serializers.DateField(help_text="Its first day, in the location's time zone.")
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    net = MoneyField()
    lines = serializers.IntegerField(source="count", help_text="How many sales and returns.")


class RevenueAsked(serializers.Serializer[dict[str, Any]]):
    since = serializers.DateField(default=None, help_text="The first month, by any of its days.")
    until = serializers.DateField(default=None, help_text="The last month.")


class RevenueRows(serializers.Serializer[dict[str, Any]]):
    results = RevenueOut(many=True)


class RevenueView(ApiView):
    @extend_schema(
        operation_id="revenue",
        parameters=[RevenueAsked],
        responses=RevenueRows,
        tags=["Revenue"],
    )
    def get(self, request: Request) -> Response:
        """Net sales by month and source, by date of sale."""
        if not (self.caller.key or self.caller.principal.is_admin):
            raise PermissionDenied(code="for_admins")
        asked = RevenueAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        months = RevenueMonth.objects.order_by("month", "source")
        if since := asked.validated_data["since"]:
            months = months.filter(month__gte=since.replace(day=1))
        if until := asked.validated_data["until"]:
            months = months.filter(month__lte=until)
        currency = self.caller.location.currency
        rows = [
            row | {"net": Money(row["net"], currency)}
            for row in months.values("month", "source").annotate(
                net=Sum("net_minor"), count=Sum("lines")
            )
        ]
        return Response(RevenueRows({"results": rows}).data)
