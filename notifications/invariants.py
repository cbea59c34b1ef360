from community.invariants import same_location

INVARIANTS = {
    "A notification is read after it was made": """
        SELECT id FROM notifications_notification WHERE read_at < created_at
    """,
    "A push goes to a device of whom it tells": """
        SELECT d.id FROM notifications_delivery d
        JOIN notifications_notification n ON n.id = d.notification_id
        JOIN notifications_pushsubscription s ON s.id = d.subscription_id
        WHERE s.user_id <> n.user_id
    """,
    "No news waits to be planned for more than 15 minutes": """
        SELECT id FROM notifications_notification
        WHERE planned_at IS NULL AND created_at < now() - interval '15 minutes'
    """,
    "No delivery is being sent for more than 15 minutes": """
        SELECT id FROM notifications_delivery
        WHERE state = 'sending' AND tried_at < now() - interval '15 minutes'
    """,
    "No webhook waits to be planned for more than 15 minutes": """
        SELECT id FROM notifications_webhookevent
        WHERE planned_at IS NULL AND happened_at < now() - interval '15 minutes'
    """,
    **same_location("notifications"),
}
