"""Plans and who has them."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from community.api.access import Caller, Scope
from community.api.asking import customer_of, read_body
from community.api.fields import AmountField, CreditsField, refuse_far_days
from community.api.filters import OfCustomer
from community.api.once import once
from community.api.views import ApiView, ListView
from membership.models import Plan, PlanAssignment
from membership.services.assigning import PlanWish, When, assign_plan, end_plan


class PlanOut(serializers.Serializer[Plan]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    price = AmountField("price_minor", currency="location.currency")
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    monthly_credits = CreditsField()
    free_claims = serializers.IntegerField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)


class AssignmentOut(serializers.Serializer[PlanAssignment]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    plan = serializers.IntegerField(source="plan_id")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True, help_text="The first day without it.")
    bill_enabled = serializers.BooleanField()
    bill_for = serializers.ChoiceField(choices=PlanAssignment.BillFor.choices)


class NewAssignment(serializers.Serializer[PlanAssignment]):
    customer = serializers.IntegerField()
    plan = serializers.IntegerField()
    starts_on = serializers.DateField(validators=[refuse_far_days])
    last_day = serializers.DateField(
        required=False, allow_null=True, default=None, validators=[refuse_far_days]
    )
    bill_enabled = serializers.BooleanField(default=False)
    bill_for = serializers.ChoiceField(
        choices=PlanAssignment.BillFor.choices, default=PlanAssignment.BillFor.MANAGERS
    )


class PlanEnd(serializers.Serializer[PlanAssignment]):
    when = serializers.ChoiceField(
        choices=[it.value for it in When], default=When.NEXT_PERIOD.value
    )


class PlanEnded(serializers.Serializer[dict[str, Any]]):
    ends_on = serializers.DateField(help_text="The first day without a plan.")


def plans_seen(caller: Caller) -> QuerySet[Plan]:
    """A key and staff see all, others those that they have or had: some are made for one."""
    plans: QuerySet[Plan] = Plan.objects.select_related("location")
    if caller.principal.is_staff:
        return plans
    return plans.filter(pk__in=assignments_seen(caller).values("plan_id"))


def assignments_seen(caller: Caller) -> QuerySet[PlanAssignment]:
    """A key and staff see all, others their own and those of companies they manage."""
    all_here: QuerySet[PlanAssignment] = PlanAssignment.objects.all()
    principal = caller.principal
    if principal.is_staff:
        return all_here
    return all_here.filter(customer_id__in=principal.own_customer_ids)


@extend_schema(tags=["Plans"])
class PlanList(ListView):
    """Plans, archived ones too."""

    rows = staticmethod(plans_seen)
    serializer_class = PlanOut


class AssignmentList(ListView):
    """Who has which plan, from when until when."""

    needs = {"POST": Scope.MANAGE}
    rows = staticmethod(assignments_seen)
    serializer_class = AssignmentOut
    filterset_class = OfCustomer

    @extend_schema(tags=["Plans"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="assign_plan",
        request=NewAssignment,
        responses={201: AssignmentOut},
        filters=False,
        tags=["Plans"],
    )
    def post(self, request: Request) -> Response:
        """Give a customer a plan. If it starts today its bill opens at once."""
        asked = read_body(NewAssignment, request)

        def work() -> Response:
            plan = get_object_or_404(Plan, pk=asked["plan"])
            last_day = asked["last_day"]
            assignment = assign_plan(
                customer=customer_of(request, asked["customer"]),
                wish=PlanWish(plan.pk, asked["bill_enabled"], asked["bill_for"]),
                starts_on=asked["starts_on"],
                ends_on=last_day + timedelta(days=1) if last_day else None,
                by=self.caller.acts_as,
                api_key=self.caller.key,
                at=now(),
            )
            return Response(AssignmentOut(assignment).data, status=201)

        return once(request, work)


class EndPlan(ApiView):
    needs = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="end_plan", request=PlanEnd, responses={201: PlanEnded}, tags=["Plans"]
    )
    def post(self, request: Request, pk: int) -> Response:
        """End a customer's plan: with its period, or now, without proration."""
        asked = read_body(PlanEnd, request)

        def work() -> Response:
            ends_on = end_plan(
                customer=customer_of(request, pk),
                when=When(asked["when"]),
                by=self.caller.acts_as,
                api_key=self.caller.key,
                at=now(),
            )
            return Response(PlanEnded({"ends_on": ends_on}).data, status=201)

        return once(request, work)
