"""Where a user belongs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from community.models import Location
from community.principals import CompanyStanding, Principal
from community.statements import select_places


@dataclass(frozen=True)
class Places:
    """Where a user is a member or has a role, and where they only were one, by name."""

    current: list[Location]
    former: list[Location]


def places_of(user_id: int) -> Places:
    return sort_places(select_places(user_id=user_id))


def sort_places(places: Iterable[Location]) -> Places:
    """Keep the order; leave out where the user is neither, or only invited."""
    current: list[Location] = []
    former: list[Location] = []
    for place in places:
        if place.role or place.member_state in {"active", "suspended"}:  # type: ignore[attr-defined]
            current.append(place)
        elif place.member_state == "left":  # type: ignore[attr-defined]
            former.append(place)
    return Places(current, former)


def principal_of(place: Location, *, user_id: int) -> Principal:
    """What the user is at a place of theirs, as `select_places` gave it for its address."""
    return Principal(
        user_id=user_id,
        location_id=place.pk,
        member_id=place.member_id or 0,  # type: ignore[attr-defined]
        member_state=place.member_state or "",  # type: ignore[attr-defined]
        customer_id=place.customer_id or 0,  # type: ignore[attr-defined]
        role=place.role or "",  # type: ignore[attr-defined]
        companies=_companies(place.standings),  # type: ignore[attr-defined]
    )


def _companies(rows: list[list[Any]] | None) -> tuple[CompanyStanding, ...]:
    """The companies that the user belongs to here, by name, with what they may do there."""
    return tuple(
        CompanyStanding(
            company_id=company_id,
            customer_id=customer_id,
            name=name,
            is_manager=role == "manager",
            may_use_card=card,
            may_use_bill=bill,
            is_open=state == "open",
        )
        for company_id, customer_id, name, role, card, bill, state in rows or ()
    )
