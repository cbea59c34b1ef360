"""What goes wrong in each drill: injected under load, then lifted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from drills import guards
from drills.inside import SLOW_NOTE
from drills.stack import Stack
from drills.steps import STEPS

MANY = 100_000
LIMIT_SECONDS = 8.0  # while a server hangs nobody waits longer for an answer


@dataclass
class Scene:
    """Where a drill plays: the stack, one location's account at the stand-in, and for how long."""

    stack: Stack
    account: str  # its base address
    seconds: float
    is_control: bool = False

    def wait(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def switch(self, fault: str, **more: Any) -> None:
        form = {"fault": fault, "times": MANY, **more}
        requests.post(f"{self.account}/_faults", data=form, timeout=10).raise_for_status()

    def mend(self, fault: str = "") -> int:
        """End the faults of the gateway; gives how often this one struck."""
        told = requests.get(f"{self.account}/_faults", timeout=10).json()["data"]
        requests.delete(f"{self.account}/_faults", timeout=10).raise_for_status()
        return sum(MANY - it["left"] for it in told if it["fault"] == fault)


Inject = Callable[[Scene], int]


@dataclass(frozen=True)
class Drill:
    name: str
    guard: str  # what its control does without
    inject: Inject
    clicks: int = 1
    slowest_seconds: float | None = None  # nobody may wait longer


def gateway(*faults: str, lasts: float = 0.0, **more: Any) -> Inject:
    """Let calls or webhooks of the gateway go wrong while the drill lasts, or for longer."""

    def inject(scene: Scene) -> int:
        for fault in faults:
            scene.switch(fault, **(more if fault == faults[0] else {}))
        scene.wait(max(scene.seconds, lasts))
        return scene.mend(faults[0])

    return inject


def calm(scene: Scene) -> int:
    """Nothing goes wrong: what is tried is in the load itself."""
    scene.wait(scene.seconds)
    return 0


def crash_between_steps(scene: Scene) -> int:
    """Have the web worker die at each step in turn, as soon as a purchase comes by."""
    crashes = 0
    patience = threading.Event()
    # The later a step, the surer that money has moved: a control needs no more than these.
    for name in list(STEPS)[4::3] if scene.is_control else STEPS:
        note = scene.stack.write_note(name)
        for _ in range(int(scene.seconds * 10)):
            if not note.exists():
                crashes += 1
                scene.stack.wait_until_alive()
                break
            patience.wait(0.1)
        note.unlink(missing_ok=True)
    return crashes


def kill_web_workers(scene: Scene) -> int:
    """Kill the worker again and again while the gateway takes its time over the charges."""
    scene.switch("slow", seconds=1)
    kills = max(int(scene.seconds / 2), 3)
    for _ in range(kills):
        scene.wait(1.5)
        scene.stack.kill_web_worker()
        scene.stack.wait_until_alive()
    scene.mend()
    return kills


def kill_workers(scene: Scene) -> int:
    """Kill the worker over its events while the pages hear nothing from the gateway."""
    note = scene.stack.write_note(SLOW_NOTE)
    scene.switch("lost")
    kills = max(int(scene.seconds / 3), 3)
    for _ in range(kills):
        scene.wait(2)
        scene.stack.kill("worker")
        scene.stack.start("worker")
    note.unlink()
    scene.mend()
    return kills


def kill_postgres(scene: Scene) -> int:
    kills = max(int(scene.seconds / 4), 2)
    for _ in range(kills):
        scene.wait(2)
        scene.stack.kill("postgres")
        scene.stack.start("postgres")
    return kills


def wipe_valkey(scene: Scene) -> int:
    """Take the broker's memory and disk while events wait there: meanwhile nobody fetches any."""
    scene.switch("lost")
    kills = max(int(scene.seconds / 3), 2)
    for _ in range(kills):
        scene.stack.signal("worker", signal.SIGSTOP)
        scene.wait(2)
        scene.stack.kill("valkey")
        scene.stack.wipe_valkey()
        scene.stack.start("valkey")
        scene.stack.signal("worker", signal.SIGCONT)
    scene.mend()
    return kills


def hang_valkey(scene: Scene) -> int:
    scene.stack.signal("valkey", signal.SIGSTOP)
    scene.wait(max(scene.seconds, 2 * LIMIT_SECONDS))
    scene.stack.signal("valkey", signal.SIGCONT)
    return 1


def take_valkey_away(scene: Scene) -> int:
    scene.switch("lost")
    scene.stack.kill("valkey")
    scene.wait(scene.seconds)
    scene.stack.start("valkey")
    scene.mend()
    return 1


SECOND_LOOKS, ONCE = guards.SECOND_LOOKS, guards.SETTLING_ONCE
DRILLS = [
    Drill("timeout_after_charge", guards.ONE_KEY_PER_CHARGE, gateway("lost", "dropped")),
    Drill(
        "gateway_slow", guards.ONE_KEY_PER_CHARGE, gateway("slow", "dropped", lasts=15, seconds=3)
    ),
    Drill("gateway_garbage", guards.ONE_KEY_PER_CHARGE, gateway("garbage", "dropped")),
    Drill("gateway_429", SECOND_LOOKS, gateway("429")),
    Drill("gateway_500", SECOND_LOOKS, gateway("500")),
    Drill("gateway_reset", SECOND_LOOKS, gateway("reset")),
    Drill("webhooks_duplicated", ONCE, gateway("duplicated")),
    Drill("webhooks_shuffled", ONCE, gateway("shuffled", seconds=2)),
    Drill("webhooks_late", ONCE, gateway("late", "lost", seconds=8)),
    Drill("webhooks_dropped", SECOND_LOOKS, gateway("dropped", "lost")),
    Drill("page_and_webhook", ONCE, calm),
    Drill("double_click", guards.ONE_KEY_PER_FORM, calm, clicks=5),
    Drill("crash_between_steps", SECOND_LOOKS, crash_between_steps),
    Drill("web_worker_killed", SECOND_LOOKS, kill_web_workers),
    Drill("celery_worker_killed", guards.LATE_ACKNOWLEDGEMENT, kill_workers),
    Drill("postgres_killed", guards.SYNCHRONOUS_COMMIT, kill_postgres),
    Drill("valkey_wiped", guards.SWEEPS, wipe_valkey),
    Drill("valkey_gone", guards.SWEEPS, take_valkey_away),
    Drill("valkey_hung", guards.BROKER_TIME_OUTS, hang_valkey, slowest_seconds=LIMIT_SECONDS),
]
