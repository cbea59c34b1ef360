from community.invariants import same_location

INVARIANTS = {
    "A notification is read after it was made": """
        SELECT id FROM notifications_notification WHERE read_at < created_at
    """,
    **same_location("notifications"),
}
