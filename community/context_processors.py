from dataclasses import dataclass
from typing import Any

from django.db.models import F, FilteredRelation, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from community.models import Location
from community.money import format_credits
from community.principals import Principal
from credits.models import Wallet
from notifications.models import Notification


@dataclass(frozen=True)
class NavLink:
    label: str
    url: str
    icon: str
    active: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page shows: where, who, what next."""
    location: Location | None = getattr(request, "location", None)
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"location": None, "principal": None, "nav": [], "memberships": []}
    places = SimpleLazyObject(lambda: places_of(user.pk))
    lists = {
        "memberships": SimpleLazyObject(lambda: places.current),
        "former_places": SimpleLazyObject(lambda: places.former),
    }
    if location is None:
        return {"location": None, "principal": None, "nav": [], **lists}
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return {
        "location": location,
        "principal": principal,
        "nav": _nav(request, location, principal),
        **lists,
        "balance": _balance(principal) if principal.is_member else None,
        "unread_count": Notification.objects.visible_to(principal).unread().count(),
    }


@dataclass(frozen=True)
class Places:
    """Where a user is a member or has a role, and where they only were one, by name."""

    current: list[Location]
    former: list[Location]


def places_of(user_id: int) -> Places:
    """Both lists from one query: every page has them at hand."""
    places = Location.objects.annotate(
        mine=FilteredRelation("members", condition=Q(members__user_id=user_id)),
        my_role=FilteredRelation("roles", condition=Q(roles__user_id=user_id)),
        member_state=F("mine__state"),
        role=F("my_role__kind"),
        logo_digest=F("logo__digest"),
    ).filter(Q(mine__isnull=False) | Q(my_role__isnull=False))
    current: list[Location] = []
    former: list[Location] = []
    for place in places.order_by("name"):
        if place.role or place.member_state in {"active", "suspended"}:
            current.append(place)
        elif place.member_state == "left":
            former.append(place)
    return Places(current, former)


def _balance(principal: Principal) -> str:
    wallet = Wallet.objects.filter(customer_id=principal.customer_id).first()
    return format_credits(wallet.balance if wallet else 0)  # type: ignore[arg-type]


def _nav(request: HttpRequest, location: Location, principal: Principal) -> list[NavLink]:
    def link(label: str, name: str, icon: str) -> NavLink:
        url = reverse(name, args=[location.slug])
        home = name == "community:home"
        active = request.path == url if home else request.path.startswith(url)
        return NavLink(label=label, url=url, icon=icon, active=active)

    if not (principal.is_member or principal.is_staff):
        return []
    links = [link(_("Home"), "community:home", "house")]
    if principal.is_member:
        links.append(link(_("Membership"), "membership:home", "coins"))
    if principal.is_staff:
        links.append(link(_("Community"), "community:members", "users-round"))
    if principal.is_admin:
        links.append(link(_("Settings"), "community:settings", "settings-2"))
    return links
