from notifications.models.deliveries import Delivery
from notifications.models.notifications import Notification
from notifications.models.preferences import BalanceWish, Channel, Preference
from notifications.models.subscriptions import PushSubscription
from notifications.models.webhooks import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookKind,
)

__all__ = [
    "BalanceWish",
    "Channel",
    "Delivery",
    "Notification",
    "Preference",
    "PushSubscription",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookKind",
]
