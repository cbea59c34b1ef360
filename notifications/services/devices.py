"""Browsers that take pushes: whose they are, and under which sign-in."""

from datetime import datetime

from django.db import IntegrityError, transaction

from community.models import User
from notifications.models import PushSubscription

AT_MOST = 20  # devices of one person


@transaction.atomic
def keep_device(
    *,
    user: User,
    endpoint: str,
    p256dh: str,
    auth: str,
    session_key: str,
    browser: str,
    at: datetime,
) -> PushSubscription:
    """Push to a browser from now on, while this sign-in lasts. It belongs to one person at most.

    :param endpoint: an address of a push service that was checked
    """
    same = PushSubscription.objects.live().filter(endpoint=endpoint)
    end_devices([device.pk for device in same.select_for_update(no_key=True)], at=at)
    live = PushSubscription.objects.live().filter(user=user).order_by("-pk")
    end_devices(list(live.values_list("pk", flat=True)[AT_MOST - 1 :]), at=at)
    try:
        with transaction.atomic():
            return PushSubscription.objects.create(
                user=user,
                endpoint=endpoint,
                p256dh=p256dh,
                auth=auth,
                session_key=session_key,
                browser=browser[:200],
                created_at=at,
            )
    except IntegrityError:  # a second click
        return PushSubscription.objects.live().get(endpoint=endpoint)


def know_device_again(*, user: User, endpoint: str, session_key: str) -> bool:
    """Move a browser that its own person has signed in again to the new sign-in."""
    known = PushSubscription.objects.live().filter(user=user, endpoint=endpoint)
    return bool(known.update(session_key=session_key))


def end_device(*, user: User, endpoint: str, at: datetime) -> None:
    """The person wants no pushes on a browser of theirs any more."""
    mine = PushSubscription.objects.live().filter(user=user, endpoint=endpoint)
    end_devices(list(mine.values_list("pk", flat=True)), at=at)


def end_devices(ids: list[int], *, at: datetime) -> None:
    """Forget where and with which keys to reach them."""
    PushSubscription.objects.live().filter(pk__in=ids).update(
        ended_at=at, endpoint="", p256dh="", auth="", session_key=""
    )
