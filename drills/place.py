"""A location with everybody who buys there, their journal, and its account at the stand-in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from drills.buyers import Buyer, sign_in_all
from drills.journal import Journal
from drills.people import People
from drills.stack import Stack, say

NUMBERS = count(1)


@dataclass
class Place:
    id: int
    stack: Stack
    account: str  # its base address at the stand-in
    journal: Journal
    buyers: list[Buyer]


@contextmanager
def open_place(stack: Stack, people: People, *, bills: int, few: bool = False) -> Iterator[Place]:
    """Open one, and sign its people in."""
    began, slug = time.monotonic(), f"drill-{next(NUMBERS)}"
    opened = people.open(slug, bills=bills, few=few)
    journal = Journal(stack.places.data / f"journal-{slug}")
    place = Place(
        id=opened["id"],
        stack=stack,
        account=f"{stack.standin_url}/accounts/{slug}",
        journal=journal,
        buyers=_buyers(opened, stack, journal),
    )
    sign_in_all(place.buyers)
    say(f"{slug} is open after {time.monotonic() - began:.1f} s")
    try:
        yield place
    finally:
        journal.close()


def _buyers(opened: dict[str, Any], stack: Stack, journal: Journal) -> list[Buyer]:
    owed = dict(zip(opened["people"]["payer"], opened["bills"], strict=True))
    return [
        Buyer(
            url=f"{stack.url}/{opened['slug']}/",
            email=email,
            kind=kind,
            journal=journal,
            option=opened["option"],
            bills=owed.get(email, []),
        )
        for kind, emails in opened["people"].items()
        for email in emails
    ]
