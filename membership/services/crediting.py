"""Credits for a purchase, whichever way it is paid: the entry and the notification."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from django.utils.translation import override

from community.models import Location
from community.money import say_credits
from credits.models import Entry
from credits.services.granting import book_accrual, lapse_date
from credits.statements import Booked
from membership.statements import select_recipients
from notifications.models import Notification
from notifications.services import notify


@dataclass(frozen=True)
class Bought:
    """What a purchase gives and to whom; money in minor units."""

    purchase_id: int
    key: UUID
    customer_id: int
    company_id: int | None
    company_name: str
    credits: Decimal
    expiry_months: int | None
    net_minor: int
    made_by_id: int


def credit_purchase(bought: Bought, *, location: Location, at: datetime) -> Booked:
    """Add the credits and tell whom they are for. Call it in the transaction that completes."""
    booked = book_accrual(
        location_id=location.pk,
        customer_id=bought.customer_id,
        credits=bought.credits,
        reason=Entry.Reason.PURCHASE,
        key=f"purchase:{bought.purchase_id}",
        made_by_id=bought.made_by_id,
        lapses_at=lapse_date(location=location, months=bought.expiry_months, at=at),
        paid_minor=bought.net_minor,
        at=at,
    )
    notify(
        location=location,
        user_ids=_recipients(bought),
        kind=Notification.Kind.CREDITS_ADDED,
        facts={
            "credits": str(bought.credits),
            "balance": str(booked.balance),
            "purchase": str(bought.key),
            "company": bought.company_name,
            "company_id": bought.company_id,
        },
        key=f"purchase:{bought.purchase_id}",
        at=at,
    )
    return booked


@lru_cache(maxsize=1024)
def describe_credits(credits: Decimal, locale: str) -> str:
    """What papers and reports of a location call credits that were bought."""
    with override(locale):
        return say_credits(credits)


def _recipients(bought: Bought) -> list[int]:
    if bought.company_id is None:
        return [bought.made_by_id]
    return select_recipients(bought.company_id)
