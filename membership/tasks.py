from datetime import timedelta

from celery import shared_task
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from membership.models import Purchase
from membership.services.paying import (
    GIVE_UP_AFTER,
    give_up_purchase,
    purchases_to_ask_about,
    refresh_purchase,
)

ASK_AFTER = timedelta(seconds=60)


@shared_task
def sweep_charges() -> None:
    """Ask the gateways about purchases that are pending for too long; end abandoned ones."""
    with scopes_disabled():
        waiting = list(
            Purchase.objects.filter(
                key__in=purchases_to_ask_about(at=now(), older_than=ASK_AFTER)
            ).values_list("location_id", "key")
        )
    for location_id, key in waiting:
        with scope(location=location_id):
            purchase = Purchase.objects.select_related("customer__member__user", "location").get(
                key=key
            )
            refresh_purchase(purchase=purchase, at=now())
            purchase.refresh_from_db(fields=["state"])
            if purchase.state == Purchase.State.PENDING and (
                now() - purchase.created_at > GIVE_UP_AFTER
            ):
                give_up_purchase(purchase=purchase, at=now())
