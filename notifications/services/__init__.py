from notifications.services.preferring import (
    choose_low_balance,
    choose_preferences,
    read_unsubscribe_token,
    said_by,
)
from notifications.services.telling import mark_notifications_read, notifications_of, notify

__all__ = [
    "choose_low_balance",
    "choose_preferences",
    "mark_notifications_read",
    "notifications_of",
    "notify",
    "read_unsubscribe_token",
    "said_by",
]
