"""What a drill changes in the application's own processes, when they start."""

from __future__ import annotations

import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings

from drills.guards import take_out
from drills.steps import STEPS, once

ASK_AFTER = timedelta(seconds=5)
SLOW_NOTE = "tasks take a second"


class Inside(AppConfig):
    name = "drills"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        door = Path(settings.DOOR)
        speed_up()
        slow_tasks(door / SLOW_NOTE)
        for name, step in STEPS.items():
            step.die_here(once(door / name))
        if settings.WITHOUT:
            take_out(settings.WITHOUT)


def speed_up() -> None:
    """Ask about a charge after seconds, so that a drill takes no minutes to heal."""
    of_charges, of_events = import_module("membership.tasks"), import_module("payments.tasks")
    of_charges.ASK_AFTER = of_events.RETRY_AFTER = ASK_AFTER


def slow_tasks(note: Path) -> None:
    """While the note lies there an event takes a second, so that a worker dies over it."""
    tasks = import_module("payments.tasks")
    process_event = tasks.process_event

    def slowly(**facts: Any) -> None:
        if note.exists():
            time.sleep(1)
        process_event(**facts)

    tasks.process_event = slowly
