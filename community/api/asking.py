"""What a request asks for: its body, whom it is about, and the key that the domain keeps of it."""

from hashlib import sha256
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request

from community.api.access import caller_of
from community.api.once import HEADER
from community.models import Customer


def read_body(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """:raises rest_framework.exceptions.ValidationError: with each field that can't be used"""
    read = form(data=request.data)
    read.is_valid(raise_exception=True)
    values: dict[str, Any] = read.validated_data
    return values


def customer_of(request: Request, pk: int) -> Customer:
    """The customer, if the caller sees it; 404 otherwise."""
    seen = Customer.objects.visible_to(caller_of(request).principal)
    customer: Customer = get_object_or_404(seen.with_who(), pk=pk)
    return customer


def domain_key(request: Request) -> str:
    """The idempotency key under which the work is booked: the caller's own, of fixed length."""
    whose = f"{caller_of(request).pk} {request.headers[HEADER]}"
    return f"api:{sha256(whose.encode()).hexdigest()[:48]}"
