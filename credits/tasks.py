from celery import shared_task
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from credits.models import Hold, Lot
from credits.services.lapsing import lapse_customer_lots
from credits.services.warning import (
    credits_lapsing,
    low_balances,
    tell_of_lapsing,
    tell_of_low_balance,
)


@shared_task
def sweep_lapsed_lots() -> None:
    """Close holds and write an entry for lots whose time is over, wallet by wallet."""
    with scopes_disabled():
        lots = Lot.objects.not_empty().with_free_credits().filter(lapses_at__lte=now())
        holds = Hold.objects.open().filter(expires_at__lte=now())
        due = {
            wallet
            for rows in (lots, holds)
            for wallet in rows.values_list("location_id", "wallet_id")[:1000]
        }
    for location_id, wallet_id in due:
        with scope(location=location_id):
            lapse_customer_lots(wallet_id=wallet_id, at=now())


@shared_task
def warn_of_credits() -> None:
    """Tell of credits that lapse soon, and of balances that fell below what was asked for."""
    for lapsing in credits_lapsing(at=now()):
        with scope(location=lapsing.location_id):
            tell_of_lapsing(lapsing, at=now())
    for low in low_balances():
        with scope(location=low.location_id):
            tell_of_low_balance(low, at=now())
