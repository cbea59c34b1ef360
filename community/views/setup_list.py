"""What an admin still has to do before the first sale; each step ticks itself."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from community.models import Location, Member
from community.money import format_credits
from credits.models import CreditOption
from membership.models import Invitation
from payments.models import GatewayConnection

METER_WIDTH = 600


@dataclass(frozen=True)
class Step:
    """One line of the list: done, or with the page where it is done."""

    title: str
    done: bool
    hint: str = ""
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class SetupList:
    steps: list[Step]

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def is_open(self) -> bool:
        return self.done < len(self.steps)

    @property
    def meter(self) -> int:
        return METER_WIDTH * self.done // len(self.steps)


def setup_list(location: Location) -> SetupList:
    return SetupList(
        [
            _basics(location),
            _details(location),
            _tax(location),
            _options(location),
            _gateway(location),
            _people(location),
        ]
    )


def _basics(location: Location) -> Step:
    ways = f"{location.currency}, {location.time_zone.replace('_', ' ')}"
    return Step(_("Name, currency and time zone"), done=True, hint=ways)


def _details(location: Location) -> Step:
    done = bool(location.legal_name and location.address)
    return Step(
        _("Legal name and address"),
        done=done,
        hint=location.legal_name if done else _("Receipts and bills name you with them."),
        url=_page("community:settings_billing", location),
        action=_("Open"),
    )


def _tax(location: Location) -> Step:
    """Asked for when the location was opened, so it is answered: none is an answer."""
    percent = format_credits(location.tax_percent)
    if not location.tax_percent:
        words = _("None")
    elif location.tax_included:
        words = _("%(name)s %(percent)s %%, included in prices")
    else:
        words = _("%(name)s %(percent)s %%, added to prices")
    hint = words % {"name": location.tax_name, "percent": percent} if percent != "0" else words
    return Step(_("Tax"), done=True, hint=hint)


def _options(location: Location) -> Step:
    on_sale = CreditOption.objects.filter(location=location, archived_at=None).count()
    return Step(
        _("Credit options"),
        done=bool(on_sale),
        hint=_("%(count)s on sale") % {"count": on_sale}
        if on_sale
        else _("How many credits members can buy, and for how much."),
        url=_page("community:credit_options", location),
        action=_("Add"),
    )


def _gateway(location: Location) -> Step:
    connection = GatewayConnection.objects.for_cards().first()
    if connection:
        mode = _("live") if connection.livemode else _("in test mode")
        hint = f"{connection}, {mode}"
    elif settings.STRIPE_STANDIN_URL:
        hint = _("The page has demo keys: no real money moves.")
    else:
        hint = _("With two keys of your account, members pay by card.")
    return Step(
        _("Connect Stripe"),
        done=bool(connection),
        hint=hint,
        url=_page("community:settings_stripe", location),
        action=_("Open"),
    )


def _people(location: Location) -> Step:
    guests = Member.objects.filter(location=location).exclude(user__roles__location=location)
    invited = Invitation.objects.filter(location=location, kind=Invitation.Kind.MEMBER)
    done = guests.exists() or invited.exists()
    return Step(
        _("Invite your first members"),
        done=done,
        hint="" if done else _("They get an email with a link. A list can be imported, too."),
        url=_page("community:members", location),
        action=_("Invite"),
    )


def _page(name: str, location: Location) -> str:
    try:
        return reverse(name, args=[location.slug])
    except NoReverseMatch:
        return ""
