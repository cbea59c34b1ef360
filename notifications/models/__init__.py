from notifications.models.deliveries import Delivery
from notifications.models.notifications import Notification
from notifications.models.preferences import BalanceWish, Channel, Preference
from notifications.models.subscriptions import PushSubscription

__all__ = [
    "BalanceWish",
    "Channel",
    "Delivery",
    "Notification",
    "Preference",
    "PushSubscription",
]
