from datetime import datetime
from typing import Any

from django.db import transaction

from community.models import Location
from community.principals import Principal
from notifications.models import Notification
from notifications.services.preferring import silenced_in_app
from notifications.statements import insert_notifications


def notify(
    *,
    location: Location,
    user_ids: list[int],
    kind: Notification.Kind,
    facts: dict[str, Any],
    key: str,
    at: datetime,
) -> None:
    """Leave a notification for each user, once per user and key.

    Call it in the transaction of what it tells: the row exists if and only if that happened.
    """
    assert transaction.get_connection().in_atomic_block
    insert_notifications(
        location_id=location.pk, user_ids=user_ids, kind=kind, facts=facts, key=key, at=at
    )


def notifications_of(principal: Principal) -> Any:
    """What the user reads at this location, the newest first."""
    visible = Notification.objects.visible_to(principal)
    silenced = silenced_in_app(user_id=principal.user_id)
    return visible.listed(silenced=silenced).select_related("location").newest_first()


@transaction.atomic
def mark_notifications_read(*, principal: Principal, at: datetime) -> int:
    """Mark all of the user's notifications at this location as read; returns how many."""
    unread: int = Notification.objects.visible_to(principal).unread().update(read_at=at)
    return unread
