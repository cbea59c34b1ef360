"""Where a user belongs."""

from collections.abc import Iterable
from dataclasses import dataclass

from community.models import Location
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
