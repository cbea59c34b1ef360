from celery import shared_task
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from credits.models import Lot
from credits.services.lapsing import lapse_customer_lots


@shared_task
def sweep_lapsed_lots() -> None:
    """Write an entry for every lot whose time is over, wallet by wallet."""
    with scopes_disabled():
        due = set(
            Lot.objects.not_empty()
            .filter(lapses_at__lte=now())
            .values_list("location_id", "wallet_id")[:1000]
        )
    for location_id, wallet_id in due:
        with scope(location=location_id):
            lapse_customer_lots(wallet_id=wallet_id, at=now())
