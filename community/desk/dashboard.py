"""What the admin opens with: what needs a human, today's sales, whether the machinery is well."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Min, Sum
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import DocumentMail
from community.desk.access import Desk, at_location
from community.models import Location
from community.money import format_money
from community.views.attention import Need, needs_a_human
from config.templatetags.deskmint import daytime
from membership.models import Purchase
from notifications.models import Delivery, WebhookDelivery, WebhookEndpoint, WebhookEvent
from payments.models import GatewayEvent
from payments.views.metrics import RECONCILED_AT

MOST_LOCATIONS = 20
LATE_BEAT = timedelta(minutes=5)
LATE_EVENT = timedelta(minutes=15)
LATE_DELIVERY = timedelta(minutes=30)
LATELY = timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """A location today."""

    location: Location
    needs: list[Need]
    sold: str
    purchases: int


@dataclass(frozen=True)
class Health:
    """One part of the machinery, and whether it is well."""

    name: str
    words: str
    is_well: bool


@dataclass(frozen=True)
class Dashboard:
    places: list[Place]
    health: list[Health]
    more: bool


def dashboard(desk: Desk, *, at: datetime) -> Dashboard:
    theirs = list(
        Location.objects.order_by("name", "pk")[: MOST_LOCATIONS + 1]
        if desk.is_operator
        else desk.locations
    )
    places = [_place(desk, location, at=at) for location in theirs[:MOST_LOCATIONS]]
    health = [_beat(at), _events(at), _deliveries(at), _webhooks(at)]
    return Dashboard(places, health, more=len(theirs) > MOST_LOCATIONS)


def _place(desk: Desk, location: Location, *, at: datetime) -> Place:
    with at_location(location):
        midnight = localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
        sold = Purchase.objects.sold(from_=midnight, until=midnight + timedelta(days=1)).aggregate(
            total=Sum("total_minor"), purchases=Count("pk")
        )
        return Place(
            location,
            [
                need if location.pk in desk.roles else replace(need, url="")
                for need in needs_a_human(location, desk.principal_at(location.pk), at=at)
            ],
            format_money(sold["total"] or 0, location.currency),
            sold["purchases"],
        )


def _beat(at: datetime) -> Health:
    """Beat sends it and a worker does it, so one moment tells of both."""
    reconciled_at = cache.get(RECONCILED_AT)
    if reconciled_at is None:
        return Health(_("Worker and beat"), _("Nothing was heard of them yet."), is_well=False)
    words = _("Last heard: %(time)s") % {"time": daytime(reconciled_at)}
    return Health(_("Worker and beat"), words, is_well=at - reconciled_at < LATE_BEAT)


def _events(at: datetime) -> Health:
    waiting = GatewayEvent.objects.filter(processed_at=None).aggregate(
        count=Count("pk"), oldest=Min("received_at")
    )
    return _queue(_("Events"), waiting["count"], waiting["oldest"], late=LATE_EVENT, at=at)


def _deliveries(at: datetime) -> Health:
    """Mails of documents, and news on its way to mailboxes and devices."""
    mails = DocumentMail.objects.owed().aggregate(count=Count("pk"), oldest=Min("created_at"))
    news = Delivery.objects.waiting().aggregate(count=Count("pk"), oldest=Min("created_at"))
    oldest = min((it["oldest"] for it in (mails, news) if it["oldest"]), default=None)
    count = mails["count"] + news["count"]
    queue = _queue(_("Deliveries"), count, oldest, late=LATE_DELIVERY, at=at)
    given_up = Delivery.objects.given_up().filter(ended_at__gt=at - LATELY).count()
    words = ngettext(
        "%(count)d given up in the last day.", "%(count)d given up in the last day.", given_up
    )
    return _unless_none(queue, given_up, words)


def _webhooks(at: datetime) -> Health:
    """What other software is to be told. For a receiver that rests nothing is late."""
    events = WebhookEvent.objects.filter(planned_at=None).aggregate(
        count=Count("pk"), oldest=Min("happened_at")
    )
    due = WebhookDelivery.objects.all().due(at=at)
    calls = due.aggregate(count=Count("pk"), oldest=Min("next_try_at"))
    oldest = min((it["oldest"] for it in (events, calls) if it["oldest"]), default=None)
    count = events["count"] + calls["count"]
    queue = _queue(_("Webhooks"), count, oldest, late=LATE_DELIVERY, at=at)
    failing = WebhookEndpoint.objects.filter(
        disabled_at=None, failing_since__lt=at - LATE_DELIVERY
    ).count()
    words = ngettext("%(count)d receiver fails.", "%(count)d receivers fail.", failing)
    return _unless_none(queue, failing, words)


def _unless_none(queue: Health, count: int, words: str) -> Health:
    """Add what else is not well, if anything is."""
    if not count:
        return queue
    return replace(queue, words=f"{queue.words} {words % {'count': count}}", is_well=False)


def _queue(
    name: str, count: int, oldest: datetime | None, *, late: timedelta, at: datetime
) -> Health:
    if oldest is None:
        return Health(name, _("Nothing waits."), is_well=True)
    words = _("%(count)d waiting, since %(time)s.") % {"count": count, "time": daytime(oldest)}
    return Health(name, words, is_well=at - oldest < late)
