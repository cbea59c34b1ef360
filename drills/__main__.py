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
from collections.abc import Iterator
from dataclasses import dataclass

from drills.books import Difference, charged_at, compare
from drills.buyers import Crowd
from drills.faults import DRILLS, Drill, Scene
from drills.guards import SYNCHRONOUS_COMMIT
from drills.people import People
from drills.place import Place, open_place
from drills.stack import Stack, say, whole_stack

FULL = os.environ.get("DOSE") == "full"
SECONDS, CONTROL_SECONDS = (60.0, 8.0) if FULL else (8.0, 6.0)
CALM_SECONDS = 1.0
HEAL_SECONDS, CONTROL_HEALS_SECONDS = 90.0, 12.0
LOOK_SECONDS = 0.5
BILLS = 40 if FULL else 12  # that someone pays in a drill


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
        return unhealed or slow or bool(self.broken)

    @property
    def is_empty(self) -> bool:
        """Nothing was tried, or nobody got anything: that proves nothing."""
        return not self.acknowledged or not self.injected


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # nothing is left running
    drills = asked_for(os.environ.get("ONLY", ""))
    began = time.monotonic()
    with whole_stack() as stack:
        people = People(stack.told)
        try:
            with open_place(stack, people, bills=BILLS * len(drills)) as place:
                results = {it.name: perform(it, place, people, seconds=SECONDS) for it in drills}
            bad = sum(
                write_line(drill, results[drill.name], control)
                for drill, control in control_all(drills, stack, people)
            )
        finally:
            people.close()
    say(f"{len(drills)} drills, {bad} bad, {time.monotonic() - began:.0f} s")
    return 1 if bad else 0


def asked_for(only: str) -> list[Drill]:
    names = only.split()
    unknown = set(names) - {it.name for it in DRILLS}
    if unknown:
        sys.exit(f"No such drill: {', '.join(unknown)}. {', '.join(it.name for it in DRILLS)}")
    return [it for it in DRILLS if not names or it.name in names]


def control_all(
    drills: list[Drill], stack: Stack, people: People
) -> Iterator[tuple[Drill, Result]]:
    """Perform each drill again without its guard; those of one guard on one start."""
    for guard in dict.fromkeys(it.guard for it in drills):
        say(f"without {guard}")
        if guard == SYNCHRONOUS_COMMIT:
            stack.write_wal_seldom()
        stack.restart_application(without=guard)
        for drill in drills:
            if drill.guard == guard:
                yield drill, control_of(drill, stack, people)


def control_of(drill: Drill, stack: Stack, people: People) -> Result:
    """In a location of its own: what a control breaks stays broken."""
    with open_place(stack, people, bills=BILLS, few=True) as place:
        return perform(drill, place, people, seconds=CONTROL_SECONDS, control=True)


def perform(
    drill: Drill, place: Place, people: People, *, seconds: float, control: bool = False
) -> Result:
    journal, scene = place.journal, Scene(place.stack, place.account, seconds, is_control=control)
    journal.turn_page()
    before, charged = len(journal.acknowledged), len(charged_at(place.account))
    for buyer in place.buyers:
        buyer.clicks = drill.clicks
    with Crowd(place.buyers):
        scene.wait(CALM_SECONDS)
        injected = drill.inject(scene)
        lifted = time.monotonic()
        scene.wait(CALM_SECONDS)
    patience = CONTROL_HEALS_SECONDS if control else HEAL_SECONDS
    difference, healed = heal(place, lifted, patience)
    result = Result(
        injected=injected or len(charged_at(place.account)) - charged,
        acknowledged=len(journal.acknowledged) - before,
        difference=difference,
        healed_seconds=healed,
        broken=[] if control else people.broken_invariants(),
        slowest_seconds=journal.slowest_seconds,
        slowest_allowed=drill.slowest_seconds,
    )
    colour = "red" if result.is_red else "green"
    say(f"{drill.name}{' (control)' if control else ''}: {colour} {result} {journal.answers}")
    return result


def heal(place: Place, lifted: float, patience: float) -> tuple[Difference, float | None]:
    """Wait until the books agree and nothing is open; says how long after the fault that was."""
    until = time.monotonic() + patience
    with place.stack.database() as connection:
        while True:
            charged = charged_at(place.account)
            difference = compare(place.journal, charged, connection, location_id=place.id)
            if difference.is_none:
                return difference, round(time.monotonic() - lifted, 1)
            if time.monotonic() > until or difference.is_beyond_repair:
                return difference, None
            threading.Event().wait(LOOK_SECONDS)


def write_line(drill: Drill, result: Result, control: Result) -> bool:
    """Write what the drill and its control came to; tells whether that is bad."""
    found = result.difference
    line = {
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
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return result.is_red or result.is_empty or not control.is_red


if __name__ == "__main__":
    sys.exit(main())
