"""What is known of a kind of news: who hears of it, by which ways, and in which words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from community.money import format_credits, format_money, say_credits
from notifications.models import Channel, Notification

APP, PUSH, EMAIL = Channel.APP, Channel.PUSH, Channel.EMAIL


class Audience(models.TextChoices):
    """Whose news it is; a delivery asks anew whether its reader still is that."""

    ACTIVE = "active", _("Active members")
    PAYERS = "payers", _("Whoever pays: suspended members, too")
    PERSON = "person", _("The person, whatever became of their membership")
    ADMINS = "admins", _("Admins of the location")


class Group(models.TextChoices):
    CREDITS = "credits", _("Credits")
    BILLS = "bills", _("Bills and payments")
    PEOPLE = "people", _("Membership")
    ADMINS = "admins", _("For admins")


@dataclass(frozen=True)
class Words:
    """A piece of news in the active language. Subject and letter: where a mail says more."""

    title: str
    text: str
    link: str
    subject: str = ""
    letter: str = ""


@dataclass(frozen=True)
class Told:
    """The plain facts of a notification, and the location that it is from."""

    slug: str
    place: str
    facts: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.facts.get(name) or ""

    def credits(self, name: str = "credits") -> str:
        return format_credits(Decimal(self.facts[name]))

    def some_credits(self) -> str:
        """1 credit, 10 credits."""
        return say_credits(Decimal(self.facts["credits"]))

    def money(self, name: str = "amount_minor") -> str:
        return format_money(self.facts[name], self.facts["currency"])

    def day(self, name: str) -> str:
        day = date.fromisoformat(self.facts[name])
        return format_date(day, "d MMM yyyy", locale=to_locale(get_language() or "en"))

    def page(self, name: str, *args: Any) -> str:
        return reverse(name, args=[self.slug, *args])

    def credits_page(self) -> str:
        """Where the balance is: the company's, or one's own."""
        if company_id := self["company_id"]:
            return self.page("membership:company_credits", company_id)
        return self.page("membership:credits")


@dataclass(frozen=True)
class About:
    """One kind. Ways that are not `by_default` are there for whoever wants them.

    `stays`: its line in Deskmint can't be silenced, as of everything about money.
    """

    kind: Notification.Kind
    group: Group
    audience: Audience
    icon: str
    words: Callable[[Told], Words]
    ways: frozenset[Channel] = frozenset(Channel)
    by_default: frozenset[Channel] = frozenset({APP, PUSH})
    stays: bool = False
    is_good_news: bool = False

    def may_be_silenced(self, channel: Channel) -> bool:
        return channel in self.ways and not (self.stays and channel == APP)

    def is_wanted(self, channel: Channel, *, said: bool | None) -> bool:
        """Whether to use this way.

        :param said: the reader's own word; None: none
        """
        if channel not in self.ways:
            return False
        if said is None or not self.may_be_silenced(channel):
            return channel in self.by_default
        return said


def ways(*channels: Channel) -> frozenset[Channel]:
    return frozenset({APP, *channels})
