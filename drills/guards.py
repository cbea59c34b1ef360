"""What is taken out of the application for a drill's control: then the drill must turn red.

Nothing here is part of the product. `inside` calls it at the start of a process, if the drill
asks for it; settings that a control changes are in `settings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any
from uuid import uuid4

ONE_KEY_PER_CHARGE = "one key per charge"
ONE_KEY_PER_FORM = "one key per form"
SETTLING_ONCE = "settling once"
SECOND_LOOKS = "second looks"
SWEEPS = "sweeps"
LATE_ACKNOWLEDGEMENT = "late acknowledgement and sweeps"
SYNCHRONOUS_COMMIT = "synchronous commit"
BROKER_TIME_OUTS = "broker time-outs"
# Without these the beat asks nobody a second time.
SWEEPING = ("sweep_events", "fetch_missed_events", "sweep_charges")
WITHOUT_SWEEPS = {SECOND_LOOKS, SWEEPS, LATE_ACKNOWLEDGEMENT}


def take_out(guard: str) -> None:
    REMOVALS[guard]()


def part_of(name: str) -> Any:
    """Give a module of the application, to be changed."""
    return import_module(name)


def send_each_try_under_a_new_key() -> None:
    adapter = part_of("payments.gateways.stripe.adapter")
    ask = adapter.ask

    def ask_anew(call: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        if "confirm" in kwargs.get("params", {}):
            kwargs["options"] = {"idempotency_key": str(uuid4())}
        answer: dict[str, Any] = ask(call, *args, **kwargs)
        return answer

    adapter.ask = ask_anew


def take_each_click_for_a_new_purchase() -> None:
    checkout = part_of("membership.views.checkout")
    unseal = checkout.unseal
    checkout.unseal = lambda *args, **kwargs: replace(unseal(*args, **kwargs), key=uuid4())


def settle_what_is_settled() -> None:
    settlement = part_of("membership.services.settlement")
    settlement._overtaken = lambda _facts, _outcome: None  # noqa: SLF001


def rely_on_the_first_answer() -> None:
    """No page asks again, and events are kept but not looked at."""
    rely_on_pages_and_tasks()
    webhooks = part_of("payments.views.webhooks")
    webhooks._process_soon = lambda _event: None  # noqa: SLF001


def rely_on_pages_and_tasks() -> None:
    """No page asks again; what the broker was given is all that is done."""
    for page in ("bill_paying", "paying", "purchases"):
        module = part_of(f"membership.views.{page}")
        module.refresh_charge = lambda **_facts: None


def nothing() -> None:
    """The settings have done it."""


REMOVALS: dict[str, Callable[[], None]] = {
    ONE_KEY_PER_CHARGE: send_each_try_under_a_new_key,
    ONE_KEY_PER_FORM: take_each_click_for_a_new_purchase,
    SETTLING_ONCE: settle_what_is_settled,
    SECOND_LOOKS: rely_on_the_first_answer,
    SWEEPS: rely_on_pages_and_tasks,
    LATE_ACKNOWLEDGEMENT: rely_on_pages_and_tasks,
    SYNCHRONOUS_COMMIT: nothing,
    BROKER_TIME_OUTS: nothing,
}
