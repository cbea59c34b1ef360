"""What needs a human at a location, for those who work there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Min, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.selectors import bill_figures
from community.models import Location
from community.money import format_money, say_credits
from community.principals import Principal
from config.templatetags.deskmint import daytime
from membership.models import JoinRequest, OwedCredits, Purchase
from payments.models import GatewayEvent, ReviewCase, Transaction
from payments.services.card_testing import AT_LOCATION, paused_by

LATE_EVENT = timedelta(minutes=15)
LATE_PURCHASE = timedelta(hours=1)
MOST_OF_A_KIND = 5


@dataclass(frozen=True)
class Need:
    """One thing to look at, with the page where it is done, if there is one."""

    icon: str
    title: str
    hint: str
    url: str = ""
    action: str = ""


def needs_a_human(location: Location, principal: Principal, *, at: datetime) -> list[Need]:
    return [
        *_mails(principal),
        *_requests(location, principal),
        *_cards(location, at=at),
        *_reviews(location),
        *_owed(location),
        *_transfers(location),
        *_bills(location, at=at),
        *_purchases(location, at=at),
        *_events(location, at=at),
    ]


def _mails(principal: Principal) -> list[Need]:
    if not principal.is_admin or not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return []
    return [
        Need(
            "mail-x",
            _("Email is not set up"),
            _(
                "Mails are kept as files in the data folder and reach nobody. Hand invitations over"
                " with Copy link; whoever runs Deskmint sets EMAIL_URL."
            ),
        )
    ]


def _requests(location: Location, principal: Principal) -> list[Need]:
    if not principal.is_admin:
        return []
    page = reverse("community:members", args=[location.slug])
    waiting = JoinRequest.objects.filter(location=location).open().select_related("user")
    return [
        Need(
            "door-open",
            _("%(name)s asks to join") % {"name": request.user},
            daytime(request.created_at),
            page,
            _("Answer"),
        )
        for request in waiting[:MOST_OF_A_KIND]
    ]


def _cards(location: Location, *, at: datetime) -> list[Need]:
    who = paused_by(location_id=location.pk, at=at)
    if who is None:
        return []
    return [
        Need(
            "shield-alert",
            _("Too many cards failed: none is tried now"),
            _(
                "%(count)d within an hour, most of them by %(name)s. Somebody may be testing stolen"
                " cards. Other ways to pay stay open."
            )
            % {"count": AT_LOCATION, "name": who},
        )
    ]


def _reviews(location: Location) -> list[Need]:
    waiting = ReviewCase.objects.filter(location=location).open().count()
    if not waiting:
        return []
    title = ngettext("%(count)d payment to review", "%(count)d payments to review", waiting)
    return [
        Need(
            "scale",
            title % {"count": waiting},
            _("Money arrived or went back that is not what was to be."),
            reverse("community:reviews", args=[location.slug]),
            _("Look"),
        )
    ]


def _owed(location: Location) -> list[Need]:
    waiting = OwedCredits.objects.filter(location=location).open()
    credits = waiting.aggregate(total=Sum(F("credits") - F("lifted")))["total"]
    if not credits:
        return []
    return [
        Need(
            "undo-2",
            _("%(credits)s owed") % {"credits": say_credits(credits)},
            _("They were used before their money was refunded or disputed."),
            reverse("community:owed", args=[location.slug]),
            _("Look"),
        )
    ]


def _transfers(location: Location) -> list[Need]:
    waiting = Transaction.objects.filter(location=location).awaited().count()
    if not waiting:
        return []
    title = ngettext("%(count)d transfer awaited", "%(count)d transfers awaited", waiting)
    return [
        Need(
            "landmark",
            title % {"count": waiting},
            _("Look at your bank statement and confirm what came."),
            reverse("community:transfers", args=[location.slug]),
            _("Look"),
        )
    ]


def _bills(location: Location, *, at: datetime) -> list[Need]:
    overdue = bill_figures(today=at.astimezone(location.zone).date()).overdue
    if not overdue.bills:
        return []
    title = ngettext("%(count)d bill is overdue", "%(count)d bills are overdue", overdue.bills)
    return [
        Need(
            "receipt-text",
            title % {"count": overdue.bills},
            format_money(overdue.total_minor, location.currency),
            f"{reverse('community:bills', args=[location.slug])}?state=overdue",
            _("Look"),
        )
    ]


def _purchases(location: Location, *, at: datetime) -> list[Need]:
    late = Purchase.objects.filter(
        location=location, state=Purchase.State.PENDING, created_at__lt=at - LATE_PURCHASE
    )
    return [
        Need(
            "hourglass",
            _("%(total)s of %(name)s isn't confirmed yet")
            % {
                "total": format_money(purchase.total_minor, purchase.currency),
                "name": purchase.bought_by,
            },
            daytime(purchase.created_at),
            reverse("community:purchase", args=[location.slug, purchase.key]),
            _("Look"),
        )
        for purchase in late.select_related("bought_by__user").order_by("pk")[:MOST_OF_A_KIND]
    ]


def _events(location: Location, *, at: datetime) -> list[Need]:
    late = GatewayEvent.objects.filter(
        location=location, processed_at=None, received_at__lt=at - LATE_EVENT
    ).aggregate(count=Count("pk"), oldest=Min("received_at"))
    if not late["count"]:
        return []
    title = ngettext(
        "%(count)d message of the payment service fits no payment",
        "%(count)d messages of the payment service fit no payment",
        late["count"],
    )
    return [
        Need(
            "circle-help",
            title % {"count": late["count"]},
            _("Since %(time)s. Nothing was credited for it; tell whoever runs Deskmint.")
            % {"time": daytime(late["oldest"])},
        )
    ]
