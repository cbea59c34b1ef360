"""What a drill changes in the application's own processes, when they start."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import AppConfig

from drills.guards import part_of, take_out
from drills.steps import STEPS, once

ASK_AFTER = timedelta(seconds=5)
SLOW_NOTE = "tasks take a second"


class Inside(AppConfig):
    name = "drills"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        door = Path(os.environ["DRILL_DOOR"])  # where notes lie that tell a process to die
        speed_up()
        slow_tasks(door / SLOW_NOTE)
        for name, step in STEPS.items():
            step.die_here(once(door / name))
        if guard := os.environ["DRILL_WITHOUT"]:
            take_out(guard)


def speed_up() -> None:
    """Ask about a charge after seconds, so that a drill takes no minutes to heal."""
    of_charges, of_events = part_of("membership.tasks"), part_of("payments.tasks")
    of_charges.ASK_AFTER = of_events.RETRY_AFTER = ASK_AFTER


def slow_tasks(note: Path) -> None:
    """While the note lies there an event takes a second, so that a worker dies over it."""
    tasks = part_of("payments.tasks")
    process_event = tasks.process_event

    def slowly(**facts: Any) -> None:
        if note.exists():
            time.sleep(1)
        process_event(**facts)

    tasks.process_event = slowly
