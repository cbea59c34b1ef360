"""`make drill`: break a whole installation while people buy, and compare the books afterwards.

`ONLY=name` runs one drill, `DOSE=full` each for longer. One line of JSON per drill goes to
standard output, and what is going on to standard error. Fails if money or credits were lost or
doubled, if a drill did not heal, or if its control did not turn red. How to read it:
docs/drills.md.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from itertools import count

from drills.books import Difference, charged_at, compare
from drills.buyers import Buyer, Crowd, sign_in_all
from drills.faults import DRILLS, Drill, Scene
from drills.guards import SYNCHRONOUS_COMMIT
from drills.journal import Journal
from drills.people import People
from drills.stack import Stack, whole_stack

FULL = os.environ.get("DOSE") == "full"
SECONDS, CONTROL_SECONDS = (60.0, 8.0) if FULL else (8.0, 6.0)
CALM_SECONDS = 1.0
HEAL_SECONDS, CONTROL_HEALS_SECONDS = 90.0, 12.0
LOOK_SECONDS = 0.5
NUMBERS = count(1)


@dataclass(frozen=True)
class Result:
    """What one run of a drill came to."""

    injected: int
    acknowledged: int
    difference: Difference
    healed_seconds: float | None
    broken: list[str]
    slowest_seconds: float
    slowest_allowed: float | None

    @property
    def is_red(self) -> bool:
        slow = self.slowest_allowed is not None and self.slowest_seconds > self.slowest_allowed
        unhealed = self.healed_seconds is None or not self.difference.is_none
        return unhealed or slow or bool(self.broken) or not self.acknowledged or not self.injected


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # nothing is left running
    drills = asked_for(os.environ.get("ONLY", ""))
    began = time.monotonic()
    with whole_stack() as stack:
        people = People(stack.told)
        try:
            results = {it.name: perform(it, stack, people, seconds=SECONDS) for it in drills}
            controls = dict(control_all(drills, stack, people))
        finally:
            people.close()
    bad = 0
    for drill in drills:
        result, control = results[drill.name], controls[drill.name]
        bad += result.is_red or not control.is_red
        sys.stdout.write(json.dumps(line_of(drill, result, control)) + "\n")
    say(f"{len(drills)} drills, {bad} bad, {time.monotonic() - began:.0f} s")
    return 1 if bad else 0


def asked_for(only: str) -> list[Drill]:
    names = only.split()
    unknown = set(names) - {it.name for it in DRILLS}
    if unknown:
        sys.exit(f"No such drill: {', '.join(unknown)}. {', '.join(it.name for it in DRILLS)}")
    return [it for it in DRILLS if not names or it.name in names]


def control_all(drills: list[Drill], stack: Stack, people: People) -> list[tuple[str, Result]]:
    """Perform each drill again without its guard; those of one guard on one start."""
    found = []
    for guard in dict.fromkeys(it.guard for it in drills):
        say(f"without {guard}")
        if guard == SYNCHRONOUS_COMMIT:
            stack.write_wal_seldom()
        stack.restart_application(without=guard)
        for drill in drills:
            if drill.guard == guard:
                control = perform(drill, stack, people, seconds=CONTROL_SECONDS, control=True)
                found.append((drill.name, control))
    return found


def perform(
    drill: Drill, stack: Stack, people: People, *, seconds: float, control: bool = False
) -> Result:
    slug = f"drill-{next(NUMBERS)}"
    began = time.monotonic()
    place = people.open(slug)
    journal = Journal(stack.places.data / f"journal-{slug}")
    scene = Scene(stack, f"{stack.standin_url}/accounts/{slug}", seconds, is_control=control)
    buyers = crowd_of(place, drill, stack, journal)
    sign_in_all(buyers)
    say(f"{slug} is open after {time.monotonic() - began:.1f} s")
    with Crowd(buyers):
        scene.wait(CALM_SECONDS)
        injected = drill.inject(scene)
        lifted = time.monotonic()
        scene.wait(CALM_SECONDS)
    patience = CONTROL_HEALS_SECONDS if control else HEAL_SECONDS
    difference, healed = heal(scene, journal, place["id"], lifted, patience)
    broken = [] if control else people.broken_invariants()
    journal.close()
    result = Result(
        injected=injected or len(charged_at(scene.account)),
        acknowledged=len(journal.acknowledged),
        difference=difference,
        healed_seconds=healed,
        broken=broken,
        slowest_seconds=journal.slowest_seconds,
        slowest_allowed=drill.slowest_seconds,
    )
    colour = "red" if result.is_red else "green"
    say(f"{drill.name}{' (control)' if control else ''}: {colour} {result} {journal.answers}")
    return result


def crowd_of(place: dict[str, object], drill: Drill, stack: Stack, journal: Journal) -> list[Buyer]:
    people: dict[str, list[str]] = place["people"]  # type: ignore[assignment]
    bills: list[list[int]] = place["bills"]  # type: ignore[assignment]
    buyers = [
        Buyer(
            url=f"{stack.url}/{place['slug']}/",
            email=email,
            kind=kind,
            journal=journal,
            option=int(str(place["option"])),
            clicks=drill.clicks,
        )
        for kind, emails in people.items()
        for email in emails
    ]
    for buyer, owed in zip([it for it in buyers if it.kind == "payer"], bills, strict=True):
        buyer.bills = list(owed)
    return buyers


def heal(
    scene: Scene, journal: Journal, location_id: int, lifted: float, patience: float
) -> tuple[Difference, float | None]:
    """Wait until the books agree and nothing is open; says how long after the fault that was."""
    until = time.monotonic() + patience
    with scene.stack.database() as connection:
        while True:
            difference = compare(
                journal, charged_at(scene.account), connection, location_id=location_id
            )
            if difference.is_none:
                return difference, round(time.monotonic() - lifted, 1)
            if time.monotonic() > until or difference.is_beyond_repair:
                return difference, None
            threading.Event().wait(LOOK_SECONDS)


def line_of(drill: Drill, result: Result, control: Result) -> dict[str, object]:
    found = result.difference
    return {
        "drill": drill.name,
        "injected": result.injected,
        "acknowledged": result.acknowledged,
        "lost": found.lost,
        "doubled": found.doubled,
        "money_without_credits": found.money_without_credits,
        "credits_without_money": found.credits_without_money,
        "healed_s": result.healed_seconds,
        "control": "red" if control.is_red else "green",
        "broken_invariants": len(result.broken),
        "slowest_s": round(result.slowest_seconds, 1),
    }


def say(words: str) -> None:
    sys.stderr.write(f"{time.strftime('%T')} {words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
