"""News on its way: a device, a push that was sent, a mail that waits, and what is wanted."""

from decimal import Decimal

from community.models import Customer
from notifications.models import (
    BalanceWish,
    Channel,
    Delivery,
    Notification,
    Preference,
    PushSubscription,
)


def books_of_news(location, customer_id, at):
    user = Customer.objects.get(pk=customer_id).member.user
    device = PushSubscription.objects.create(
        user=user,
        endpoint=f"https://fcm.googleapis.com/{location.pk}",
        p256dh="key",
        auth="secret",
        session_key="session",
        created_at=at,
    )
    told = Notification.objects.filter(user=user).latest("pk")
    common = {"location": location, "notification": told, "created_at": at, "next_try_at": at}
    sent = Delivery.objects.create(
        **common, channel=Channel.PUSH, subscription=device, state="sent", ended_at=at
    )
    owed = Delivery.objects.create(**common, channel=Channel.EMAIL)
    Preference.objects.create(user=user, kind="balance_low", channel=Channel.PUSH, wanted=True)
    BalanceWish.objects.create(location=location, customer_id=customer_id, below=Decimal(5))
    return {"sent_push": sent.pk, "owed_mail_of_news": owed.pk, "device": device.pk}
