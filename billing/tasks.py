from celery import shared_task
from django.utils.timezone import now
from django_scopes import scope

from billing.services.news import (
    bills_to_tell_of,
    places_to_digest,
    tell_of_overdue_bills,
    tell_of_waiting_bill,
)
from community.models import Location


@shared_task
def tell_of_bills() -> None:
    """Tell payers that a bill is due soon or overdue, and admins each morning of all overdue."""
    for waiting in bills_to_tell_of(at=now()):
        with scope(location=waiting.location_id):
            tell_of_waiting_bill(bill_id=waiting.bill_id, kind=waiting.kind, at=now())
    for location_id in places_to_digest(at=now()):
        location = Location.objects.get(pk=location_id)
        with scope(location=location):
            tell_of_overdue_bills(location=location, at=now())
