"""Taking, holding and giving back credits."""

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from community.api.access import Caller, Scope
from community.api.asking import customer_of, domain_key, read_body
from community.api.fields import CreditsField, TextField, refuse_far_days
from community.api.filters import OfWallet
from community.api.once import once
from community.api.views import ApiView, DetailView, ListView
from credits.api.ledger import EntryOut, entries_seen
from credits.models import Entry, Hold
from credits.services.holding import capture_hold, hold_credits, release_hold
from credits.services.restoring import reverse_spend
from credits.services.spending import spend_credits


class NewSpend(serializers.Serializer[Entry]):
    customer = serializers.IntegerField()
    credits = CreditsField(positive=True)
    reason = TextField(max_length=200, help_text="What the customer reads.")
    reference = TextField(
        max_length=100, required=False, default="", allow_blank=True, help_text="Yours."
    )


class NewHold(NewSpend):
    expires_at = serializers.DateTimeField(
        validators=[refuse_far_days], help_text="When it ends if nothing else ends it."
    )


class Reversal(serializers.Serializer[Entry]):
    reason = TextField(max_length=200, required=False, default="", allow_blank=True)


class Capture(serializers.Serializer[Hold]):
    credits = CreditsField(
        positive=True, required=False, allow_null=True, default=None, help_text="Less, if any."
    )


class Nothing(serializers.Serializer[Hold]):
    pass


class HoldOut(serializers.Serializer[Hold]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="wallet.customer_id")
    credits = CreditsField()
    state = serializers.ChoiceField(choices=Hold.State.choices)
    reason = serializers.CharField(source="note")
    reference = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    entry = serializers.IntegerField(
        source="capture_id", allow_null=True, help_text="The spend that captured it."
    )


class HoldFilter(OfWallet):
    state = django_filters.ChoiceFilter(choices=Hold.State.choices)
    reference = django_filters.CharFilter()


class Spends(ApiView):
    needs = {"POST": Scope.SPEND}

    @extend_schema(
        operation_id="spend", request=NewSpend, responses={201: EntryOut}, tags=["Spending"]
    )
    def post(self, request: Request) -> Response:
        """Take credits: those that lapse soonest first, never more than there are."""
        wanted = read_body(NewSpend, request)

        def work() -> Response:
            entry = spend_credits(
                customer=customer_of(request, wanted["customer"]),
                credits=wanted["credits"],
                note=wanted["reason"],
                reference=wanted["reference"],
                key=domain_key(request),
                api_key=self.caller.key,
                at=now(),
            )
            return Response(EntryOut(entry).data, status=201)

        return once(request, work)


class ReverseSpend(ApiView):
    needs = {"POST": Scope.SPEND}

    @extend_schema(
        operation_id="reverse_spend",
        request=Reversal,
        responses={201: EntryOut},
        tags=["Spending"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Give a spend back, whole and once, to the credits it came from."""
        wanted = read_body(Reversal, request)

        def work() -> Response:
            entry = reverse_spend(
                spend=get_object_or_404(entries_seen(self.caller), pk=pk),
                note=wanted["reason"],
                key=domain_key(request),
                api_key=self.caller.key,
                at=now(),
            )
            return Response(EntryOut(entry).data, status=201)

        return once(request, work)


def holds_seen(caller: Caller) -> QuerySet[Hold]:
    seen: QuerySet[Hold] = Hold.objects.visible_to(caller.principal)
    return seen.select_related("wallet__customer")


@extend_schema(tags=["Spending"])
class HoldList(ListView):
    """Credits set aside."""

    rows = staticmethod(holds_seen)
    serializer_class = HoldOut
    needs = {"POST": Scope.SPEND}
    filterset_class = HoldFilter

    @extend_schema(operation_id="hold", request=NewHold, responses={201: HoldOut}, filters=False)
    def post(self, request: Request) -> Response:
        """Set credits aside until they are captured, released, or the time is over."""
        wanted = read_body(NewHold, request)

        def work() -> Response:
            hold = hold_credits(
                customer=customer_of(request, wanted["customer"]),
                credits=wanted["credits"],
                expires_at=wanted["expires_at"],
                note=wanted["reason"],
                reference=wanted["reference"],
                key=domain_key(request),
                api_key=self.caller.key,
                at=now(),
            )
            return Response(HoldOut(hold).data, status=201)

        return once(request, work)


@extend_schema(tags=["Spending"])
class HoldDetail(DetailView):
    """One hold."""

    rows = staticmethod(holds_seen)
    serializer_class = HoldOut


class CaptureHold(ApiView):
    needs = {"POST": Scope.SPEND}

    @extend_schema(
        operation_id="capture_hold",
        request=Capture,
        responses={201: EntryOut},
        tags=["Spending"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Spend what is held, or less: the rest is free again."""
        wanted = read_body(Capture, request)

        def work() -> Response:
            entry = capture_hold(
                hold=get_object_or_404(holds_seen(self.caller), pk=pk),
                credits=wanted["credits"],
                api_key=self.caller.key,
                at=now(),
            )
            return Response(EntryOut(entry).data, status=201)

        return once(request, work)


class ReleaseHold(ApiView):
    needs = {"POST": Scope.SPEND}

    @extend_schema(
        operation_id="release_hold", request=Nothing, responses=HoldOut, tags=["Spending"]
    )
    def post(self, request: Request, pk: int) -> Response:
        """Let go of what is held."""

        def work() -> Response:
            hold = release_hold(hold=get_object_or_404(holds_seen(self.caller), pk=pk), at=now())
            return Response(HoldOut(hold).data)

        return once(request, work)
