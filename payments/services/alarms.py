"""Alarms: raised once, told to the log and the location's admins, and cleared when it is over."""

from datetime import datetime

import structlog
from django.db import transaction

from community.models import Location, Role
from notifications.models import Notification
from notifications.services import notify
from payments.models import Alarm

log = structlog.get_logger(__name__)


def raise_alarm(*, location: Location, condition: str, at: datetime) -> None:
    """Raise it, unless it stands already; a case for review was told to the admins by itself."""
    with transaction.atomic():
        alarm, is_new = Alarm.objects.get_or_create(
            location=location, condition=condition, cleared_at=None, defaults={"raised_at": at}
        )
        if is_new and condition != Alarm.Condition.MISMATCH:
            admins = Role.objects.filter(location=location, kind=Role.Kind.ADMIN)
            notify(
                location=location,
                user_ids=list(admins.values_list("user_id", flat=True)),
                kind=Notification.Kind.PAYMENT_ALARM,
                facts={"condition": condition},
                key=f"alarm:{alarm.pk}",
                at=at,
            )
    if is_new:
        log.error("alarm_raised", alarm=alarm.pk, condition=condition, location=location.pk)


def clear_alarm(*, location: Location, condition: str, at: datetime) -> None:
    """It is over; the next time it is told anew."""
    standing = Alarm.objects.filter(location=location, condition=condition, cleared_at=None)
    if standing.update(cleared_at=at):
        log.info("alarm_cleared", condition=condition, location=location.pk)
