from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from community.models import Location
from community.principals import Principal
from community.selectors import places_of
from credits.statements import Balance, select_balance
from notifications.statements import count_unread


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
    places = getattr(request, "places", None) or SimpleLazyObject(lambda: places_of(user.pk))
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
        "unread_count": count_unread(location_id=location.pk, user_id=user.pk),
    }


def _balance(principal: Principal) -> Balance:
    return select_balance(location_id=principal.location_id, customer_id=principal.customer_id)


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
        links.append(link(_("Analytics"), "analytics:revenue", "chart-column"))
        links.append(link(_("Settings"), "community:settings", "settings-2"))
    return links
