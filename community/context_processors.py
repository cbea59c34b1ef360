from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
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
    memberships = SimpleLazyObject(lambda: locations_of(user.pk))
    if location is None:
        return {"location": None, "principal": None, "nav": [], "memberships": memberships}
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return {
        "location": location,
        "principal": principal,
        "nav": _nav(request, location, principal),
        "memberships": memberships,
        "balance": _balance(principal) if principal.is_member else None,
        "unread_count": Notification.objects.visible_to(principal).unread().count(),
    }


def locations_of(user_id: int) -> list[Location]:
    """Where a user is a member or has a role, by name."""
    return list(
        Location.objects.filter(
            Q(members__user_id=user_id, members__state__in=["active", "suspended"])
            | Q(roles__user_id=user_id)
        )
        .annotate(logo_digest=F("logo__digest"))
        .distinct()
        .order_by("name")
    )


def _balance(principal: Principal) -> str:
    wallet = Wallet.objects.filter(customer_id=principal.customer_id).first()
    return format_credits(wallet.balance if wallet else 0)  # type: ignore[arg-type]


def _nav(request: HttpRequest, location: Location, principal: Principal) -> list[NavLink]:
    def link(label: str, name: str, icon: str) -> NavLink:
        url = reverse(name, args=[location.slug])
        home = name == "community:home"
        active = request.path == url if home else request.path.startswith(url)
        return NavLink(label=label, url=url, icon=icon, active=active)

    links = [link(_("Home"), "community:home", "house")]
    if principal.is_member:
        links.append(link(_("Membership"), "membership:home", "coins"))
    if principal.is_staff:
        links.append(link(_("Community"), "community:members", "users-round"))
    if principal.is_admin:
        links.append(link(_("Settings"), "community:settings", "settings-2"))
    return links
