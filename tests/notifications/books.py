"""News on its way: a device, a push that was sent, a mail that waits, what is wanted, a webhook."""

from decimal import Decimal

from community.models import Customer
from notifications.models import (
    BalanceWish,
    Channel,
    Delivery,
    Notification,
    Preference,
    PushSubscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
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
    return {
        "sent_push": sent.pk,
        "owed_mail_of_news": owed.pk,
        "device": device.pk,
        "webhook_event": webhook_told(location, user, at).event_id,
    }


def webhook_told(location, user, at):
    """What happened, owed to an endpoint that hears nothing of what else happens here."""
    endpoint = WebhookEndpoint.objects.create(
        location=location,
        url=f"https://desk-{location.pk}.example/",
        events=["payment.failed"],
        secrets="whsec_",
        made_by=user,
        created_at=at,
        next_call_at=at,
    )
    event = WebhookEvent.objects.create(
        location=location, kind="payment.failed", subject_id=1, planned_at=at, payload={}
    )
    return WebhookDelivery.objects.create(
        event=event, endpoint=endpoint, created_at=at, next_try_at=at, give_up_at=at
    )
