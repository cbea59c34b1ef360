from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, User
from community.money import format_credits
from community.principals import Principal
from community.services import record_audit
from community.services.people import users_of
from credits.models import Entry, Wallet
from credits.services.granting import book_accrual
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import lock_wallet, replayed
from credits.statements import Booked, insert_draw
from notifications.models import Notification
from notifications.services import notify


class AboveStaffLimit(ValidationError):
    def __init__(self, limit: Decimal) -> None:
        super().__init__(
            _("Staff may give or deduct at most %(limit)s credits at once. Ask an admin."),
            code="above_staff_limit",
            params={"limit": format_credits(limit)},
        )


class MoreThanBalance(ValidationError):
    def __init__(self, balance: Decimal) -> None:
        super().__init__(
            _("%(balance)s credits are available. More than that can't be deducted."),
            code="more_than_balance",
            params={"balance": format_credits(balance)},
        )


class LapsesInThePast(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Choose a day after today."), code="lapses_in_the_past")


@transaction.atomic
def give_credits(
    *,
    customer: Customer,
    credits: Decimal,
    reason: str,
    lapses_at: datetime | None,
    by: User,
    principal: Principal,
    key: str,
    at: datetime,
) -> Entry:
    """Give credits with a reason that the member reads, once per key.

    Admins give without limit, staff up to the location's, members and managers nothing. Given
    credits count no revenue.

    :raises AboveStaffLimit: if staff give more than they may
    :raises LapsesInThePast: if they would lapse before they are there
    :raises KeyUsedDifferently: if the key moved another number of credits
    """
    _check_limit(customer.location, principal, credits)
    if lapses_at is not None and lapses_at <= at:
        raise LapsesInThePast
    wallet = lock_wallet(customer)
    if entry := replayed(wallet, key=key, credits=credits):
        return entry
    booked = book_accrual(
        location_id=customer.location_id,
        customer_id=customer.pk,
        credits=credits,
        reason=Entry.Reason.GIVEN,
        key=key,
        note=reason,
        made_by_id=by.pk,
        lapses_at=lapses_at,
        at=at,
    )
    _tell(customer, credits, booked, Notification.Kind.CREDITS_GIVEN, reason, by=by, at=at)
    return Entry.objects.get(pk=booked.entry_id)


@transaction.atomic
def deduct_credits(
    *,
    customer: Customer,
    credits: Decimal,
    reason: str,
    by: User,
    principal: Principal,
    key: str,
    at: datetime,
) -> Entry:
    """Take credits away with a reason that the member reads, once per key.

    The soonest-lapsing lots give first, as in spending.

    :raises AboveStaffLimit: if staff deduct more than they may
    :raises MoreThanBalance: if the wallet holds less
    :raises KeyUsedDifferently: if the key moved another number of credits
    """
    _check_limit(customer.location, principal, credits)
    wallet = lock_wallet(customer)
    if entry := replayed(wallet, key=key, credits=-credits):
        return entry
    booked = _draw(wallet, credits, reason, by=by, key=key, at=at)
    _tell(customer, credits, booked, Notification.Kind.CREDITS_DEDUCTED, reason, by=by, at=at)
    return Entry.objects.get(pk=booked.entry_id)


def _check_limit(location: Location, principal: Principal, credits: Decimal) -> None:
    assert principal.is_staff, "members give and deduct nothing"
    assert credits > 0
    if not principal.is_admin and credits > location.staff_limit_credits:
        raise AboveStaffLimit(location.staff_limit_credits)


def _draw(
    wallet: Wallet, credits: Decimal, reason: str, *, by: User, key: str, at: datetime
) -> Booked:
    lapse_wallet(wallet, at=at)
    if wallet.available < credits:
        raise MoreThanBalance(wallet.available)
    return insert_draw(
        wallet_id=wallet.pk,
        credits=credits,
        reason=Entry.Reason.DEDUCTION,
        note=reason,
        key=key,
        made_by_id=by.pk,
        at=at,
    )


def _tell(
    customer: Customer,
    credits: Decimal,
    booked: Booked,
    kind: Notification.Kind,
    reason: str,
    *,
    by: User,
    at: datetime,
) -> None:
    facts = {
        "credits": str(credits),
        "balance": str(booked.balance),
        "reason": reason,
        "company": customer.company_name,
        "company_id": customer.company_id,
    }
    notify(
        location=customer.location,
        user_ids=users_of(customer),
        kind=kind,
        facts=facts,
        key=f"entry:{booked.entry_id}",
        at=at,
    )
    record_audit(
        location=customer.location,
        by=by,
        action=kind.value.replace("_", " "),
        subject=f"customer {customer.pk}",
        reason=reason,
        after=facts,
        at=at,
    )
