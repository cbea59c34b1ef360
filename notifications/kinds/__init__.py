"""Every kind of news, in one table: add one to `Notification.Kind` and to a list here."""

from notifications.kinds.of_admins import OF_ADMINS
from notifications.kinds.of_bills import OF_BILLS
from notifications.kinds.of_credits import OF_CREDITS
from notifications.kinds.of_people import OF_PEOPLE
from notifications.kinds.of_refunds import OF_REFUNDS
from notifications.kinds.registry import About, Audience, Group, Told, Words
from notifications.models import Notification

KINDS: dict[str, About] = {
    about.kind: about for about in [*OF_CREDITS, *OF_REFUNDS, *OF_BILLS, *OF_PEOPLE, *OF_ADMINS]
}


def words_of(notification: Notification) -> Words:
    """What it says, in the active language."""
    place = notification.location
    return KINDS[notification.kind].words(
        Told(slug=place.slug, place=place.name, facts=notification.facts)
    )


__all__ = ["KINDS", "About", "Audience", "Group", "Told", "Words", "words_of"]
