"""What those hear who pay a bill, and the admins of the bills that stay unpaid."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Sum

from billing.models import Bill
from billing.statements import Waiting, select_bills_to_tell_of, select_places_with_overdue_bills
from community.models import Location
from community.services.people import admins_of, payers_of
from notifications.models import Notification
from notifications.services import notify

DUE_SOON_DAYS = 3
DIGEST_HOUR = 8  # of the location's morning


def tell_of_bill(bill: Bill, kind: Notification.Kind, *, at: datetime) -> None:
    """Tell who pays a bill what became of it, once per bill and kind."""
    company = bill.customer.company
    notify(
        location=bill.location,
        user_ids=payers_of(bill.customer),
        kind=kind,
        facts={
            "bill": bill.pk,
            "number": bill.number,
            "amount_minor": bill.to_pay_minor,
            "currency": bill.currency,
            "due_on": str(bill.due_on),
            "company": company.name if company else "",
            "company_id": bill.customer.company_id,
        },
        key=f"{kind}:{bill.pk}",
        at=at,
    )


def bills_to_tell_of(*, at: datetime) -> list[Waiting]:
    """Bills that are due within days or overdue, at all locations, of which nobody was told."""
    return select_bills_to_tell_of(soon_days=DUE_SOON_DAYS, at=at)


@transaction.atomic
def tell_of_waiting_bill(*, bill_id: int, kind: str, at: datetime) -> None:
    """Tell of a bill that is still to be paid that it is due soon, or overdue."""
    known = Bill.objects.select_related("location", "customer__member", "customer__company")
    if waiting := known.filter(state=Bill.State.ISSUED, pk=bill_id).first():
        tell_of_bill(waiting, Notification.Kind(kind), at=at)


def places_to_digest(*, at: datetime) -> list[int]:
    """Locations where it is morning, with bills overdue and not told of today."""
    return select_places_with_overdue_bills(hour=DIGEST_HOUR, at=at)


@transaction.atomic
def tell_of_overdue_bills(*, location: Location, at: datetime) -> None:
    """Tell the admins, once a day, how many bills are overdue and over how much."""
    today = at.astimezone(location.zone).date()
    late = Bill.objects.filter(state=Bill.State.ISSUED, due_on__lt=today)
    sums = late.aggregate(
        number=Count("pk"), total=Sum("total_minor"), credited=Sum("credited_minor")
    )
    if not sums["number"]:
        return
    notify(
        location=location,
        user_ids=admins_of(location),
        kind=Notification.Kind.BILLS_OVERDUE,
        facts={
            "number": sums["number"],
            "amount_minor": sums["total"] - sums["credited"],
            "currency": location.currency,
        },
        key=f"bills overdue:{location.pk}:{today}",
        at=at,
    )
