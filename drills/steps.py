"""The steps of a card's path to credits, and a way to die at each of them.

A step is a function of the application and the side of it on which the process ends. The drills
let a web worker die there under load, the tests a process of their own.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

Die = Callable[[], None]


@dataclass(frozen=True)
class Step:
    function: str  # where the path calls it, as `module:name`
    after: bool = False

    def die_here(self, die: Die) -> None:
        """Have whoever calls it meet `die`: before it begins, or once it has returned."""
        module, name = self.function.split(":")
        owner = import_module(module)
        calls: Callable[..., Any] = getattr(owner, name)

        @wraps(calls)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not self.after:
                die()
            answer = calls(*args, **kwargs)
            if self.after:
                die()
            return answer

        setattr(owner, name, call)


STEPS = {
    "the purchase is written": Step("membership.services.purchases:write_purchase", after=True),
    "the purchase is committed": Step("membership.services.paying:_take_entered_card"),
    "the right to send is taken": Step("membership.services.paying:_submit", after=True),
    "the request is made": Step("payments.gateways.stripe.adapter:to_stripe"),
    "the gateway has answered": Step("membership.services.paying:_settle"),
    "the charge is noted": Step("membership.services.settlement:update_transaction", after=True),
    "the credits are added": Step("membership.services.settlement:credit_purchase", after=True),
    "the receipt is written": Step("membership.services.settlement:issue_receipt", after=True),
    "the revenue is written": Step("membership.services.settlement:record_revenue", after=True),
    "all is written": Step("membership.services.settlement:update_completed", after=True),
    "all is committed": Step("membership.services.paying:_settle", after=True),
}


def kill_ourselves() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def once(note: Path, die: Die = kill_ourselves) -> Die:
    """Die if the note lies there, and take it away first: one process dies of it."""

    def die_once() -> None:
        try:
            note.unlink()
        except FileNotFoundError:
            return
        die()

    return die_once
