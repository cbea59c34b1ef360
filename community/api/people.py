"""The location, its members, companies and customers."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from community.api.access import Caller
from community.api.views import ApiView, DetailView, ListView
from community.models import Company, Customer, Location, Member


class LocationOut(serializers.Serializer[Location]):
    name = serializers.CharField()
    slug = serializers.CharField()
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    locale = serializers.CharField()
    tax_name = serializers.CharField()
    tax_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    tax_included = serializers.BooleanField()


class MemberOut(serializers.Serializer[Member]):
    id = serializers.IntegerField()
    name = serializers.CharField(source="user.name")
    email = serializers.EmailField(source="user.email")
    state = serializers.ChoiceField(choices=Member.State.choices)
    customer = serializers.IntegerField(source="customer.pk")
    joined_at = serializers.DateTimeField()


class CompanyOut(serializers.Serializer[Company]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=Company.State.choices)
    customer = serializers.IntegerField(source="customer.pk")
    created_at = serializers.DateTimeField()


class CustomerOut(serializers.Serializer[Customer]):
    """Whoever holds credits and gets bills: a member or a company."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    member = serializers.IntegerField(source="member_id", allow_null=True)
    company = serializers.IntegerField(source="company_id", allow_null=True)


class Searched(django_filters.FilterSet):  # type: ignore[misc]
    search = django_filters.CharFilter(
        method="find", label="Words of the name or email.", max_length=100
    )

    def find(self, rows: QuerySet[Any], _name: str, words: str) -> QuerySet[Any]:
        found: QuerySet[Any] = rows.search(words)  # type: ignore[attr-defined]
        return found


class MemberFilter(Searched):
    state = django_filters.ChoiceFilter(choices=Member.State.choices)


class CompanyFilter(Searched):
    state = django_filters.ChoiceFilter(choices=Company.State.choices)


class LocationView(ApiView):
    @extend_schema(operation_id="location", responses=LocationOut, tags=["Location"])
    def get(self, request: Request) -> Response:
        """The location of the key or session."""
        return Response(LocationOut(self.caller.location).data)


def members_seen(caller: Caller) -> QuerySet[Member]:
    seen: QuerySet[Member] = Member.objects.visible_to(caller.principal)
    return seen.select_related("user", "customer")


def companies_seen(caller: Caller) -> QuerySet[Company]:
    seen: QuerySet[Company] = Company.objects.visible_to(caller.principal)
    return seen.select_related("customer")


def customers_seen(caller: Caller) -> QuerySet[Customer]:
    seen: QuerySet[Customer] = Customer.objects.visible_to(caller.principal).with_who()
    return seen


@extend_schema(tags=["People"])
class MemberList(ListView):
    """Members: a key sees all of its location, a person themself."""

    rows = staticmethod(members_seen)
    serializer_class = MemberOut
    filterset_class = MemberFilter


@extend_schema(tags=["People"])
class MemberDetail(DetailView):
    """One member."""

    rows = staticmethod(members_seen)
    serializer_class = MemberOut


@extend_schema(tags=["People"])
class CompanyList(ListView):
    """Companies: a person sees those they belong to."""

    rows = staticmethod(companies_seen)
    serializer_class = CompanyOut
    filterset_class = CompanyFilter


@extend_schema(tags=["People"])
class CompanyDetail(DetailView):
    """One company."""

    rows = staticmethod(companies_seen)
    serializer_class = CompanyOut


@extend_schema(tags=["People"])
class CustomerList(ListView):
    """Customers: everybody who may hold credits, members and companies alike."""

    rows = staticmethod(customers_seen)
    serializer_class = CustomerOut
    filterset_class = Searched


@extend_schema(tags=["People"])
class CustomerDetail(DetailView):
    """One customer."""

    rows = staticmethod(customers_seen)
    serializer_class = CustomerOut
