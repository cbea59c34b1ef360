from datetime import datetime
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.db import transaction

from community.models import Customer, Location, User
from credits.models import Entry
from credits.services.wallets import is_movable, lock_wallet, replayed
from credits.statements import Booked, insert_accrual


def lapse_date(*, location: Location, months: int | None, at: datetime) -> datetime | None:
    """When credits bought now lapse: that many months later, at the same local time.

    Short months clamp (31 Jan + 1 month = 28 Feb). None: never.
    """
    if months is None:
        return None
    return at.astimezone(location.zone) + relativedelta(months=months)


@transaction.atomic
def grant_credits(
    *,
    customer: Customer,
    credits: Decimal,
    reason: Entry.Reason,
    key: str,
    at: datetime,
    note: str = "",
    made_by: User | None = None,
    lapses_at: datetime | None = None,
    paid_minor: int = 0,
) -> Entry:
    """Add credits to the customer's wallet as a lot of their own, once per key.

    :param paid_minor: net price of the lot in minor units, 0 if nothing was paid
    :raises KeyUsedDifferently: if the key moved another number of credits
    """
    assert is_movable(credits)
    wallet = lock_wallet(customer)
    if entry := replayed(wallet, key=key, credits=credits):
        return entry
    booked = book_accrual(
        location_id=customer.location_id,
        customer_id=customer.pk,
        credits=credits,
        reason=reason,
        key=key,
        note=note,
        made_by_id=made_by.pk if made_by else None,
        lapses_at=lapses_at,
        paid_minor=paid_minor,
        at=at,
    )
    return Entry.objects.get(pk=booked.entry_id)


def book_accrual(
    *,
    location_id: int,
    customer_id: int,
    credits: Decimal,
    reason: Entry.Reason,
    key: str,
    at: datetime,
    note: str = "",
    made_by_id: int | None = None,
    lapses_at: datetime | None = None,
    paid_minor: int = 0,
) -> Booked:
    """Add credits in one statement. The caller has made sure that the key is new.

    A key used before breaks `entry_once_per_key` and undoes the caller's transaction.
    """
    assert transaction.get_connection().in_atomic_block
    return insert_accrual(
        location_id=location_id,
        customer_id=customer_id,
        credits=credits,
        reason=reason,
        note=note,
        key=key,
        made_by_id=made_by_id,
        lapses_at=lapses_at,
        paid_minor=paid_minor,
        at=at,
    )
