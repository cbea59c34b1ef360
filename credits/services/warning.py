"""What holders of credits hear in time: that some lapse soon, that the balance is low."""

from datetime import datetime, timedelta

from django.db import transaction

from community.services.people import users_of
from credits.models import Wallet
from credits.statements.warning import (
    Lapsing,
    LowBalance,
    forget_balances_that_rose,
    select_lapsing,
    select_low_balances,
)
from notifications.models import Notification
from notifications.services import notify
from notifications.statements import note_balance_told


def credits_lapsing(*, at: datetime) -> list[Lapsing]:
    """Credits that lapse within 7 days or 1, at all locations, of which nobody was told."""
    return select_lapsing(at=at)


@transaction.atomic
def tell_of_lapsing(lapsing: Lapsing, *, at: datetime) -> None:
    """Tell those whose credits they are, once a week before and once a day before."""
    wallet = _wallet(lapsing.wallet_id)
    last_moment = lapsing.lapses_at.astimezone(wallet.location.zone) - timedelta(microseconds=1)
    notify(
        location=wallet.location,
        user_ids=users_of(wallet.customer),
        kind=Notification.Kind.CREDITS_LAPSING,
        facts={
            "credits": str(lapsing.credits),
            "balance": str(wallet.balance),
            "last_day": str(last_moment.date()),
            "company": wallet.customer.company_name,
            "company_id": wallet.customer.company_id,
        },
        key=lapsing.key,
        at=at,
    )


def low_balances() -> list[LowBalance]:
    """Balances that fell below what their holders asked to be told of, and were not told of."""
    forget_balances_that_rose()
    return select_low_balances()


@transaction.atomic
def tell_of_low_balance(low: LowBalance, *, at: datetime) -> None:
    """Tell a member, once each time their balance falls below what they chose."""
    if not note_balance_told(wish_id=low.wish_id, at=at):
        return
    wallet = _wallet(low.wallet_id)
    notify(
        location=wallet.location,
        user_ids=users_of(wallet.customer),
        kind=Notification.Kind.BALANCE_LOW,
        facts={"balance": str(wallet.balance), "below": str(low.below)},
        key=f"balance low:{wallet.pk}:{wallet.last_position}",
        at=at,
    )


def _wallet(wallet_id: int) -> Wallet:
    wallets = Wallet.objects.select_related("location", "customer__member", "customer__company")
    wallet: Wallet = wallets.get(pk=wallet_id)
    return wallet
