"""Faults as switches: what goes wrong with the next calls and webhooks of an account.

A fault is set for a number of calls and is over when they are used up. Until it answers, nothing
has happened for `429`, `500` and `reset`; for `lost`, `slow` and `garbage` the request was carried
out and only the answer fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from stack.stripe_standin import params
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import Json
from stack.stripe_standin.store import Store

CALLS_MAX = 1_000_000
SECONDS_MAX = 3600
# The call that moves money: in a path, everything that begins so.
CHARGING = "POST /v1/payment_intents"


class Fault(StrEnum):
    LOST = "lost"
    SLOW = "slow"
    GARBAGE = "garbage"
    TOO_MANY = "429"
    BROKEN = "500"
    RESET = "reset"
    DUPLICATED = "duplicated"
    LATE = "late"
    SHUFFLED = "shuffled"
    DROPPED = "dropped"


SAYS = {
    Fault.LOST: "Carried out, then the connection closes without an answer",
    Fault.SLOW: "Carried out, then the answer is held back",
    Fault.GARBAGE: "Carried out, then the answer can't be read",
    Fault.TOO_MANY: "Refused: too many requests",
    Fault.BROKEN: "Refused: an error at Stripe",
    Fault.RESET: "The connection is reset before anything is read",
    Fault.DUPLICATED: "Webhooks are sent five times at once",
    Fault.LATE: "Webhooks are held back",
    Fault.SHUFFLED: "Webhooks come the other way round",
    Fault.DROPPED: "Webhooks are not sent",
}
OF_WEBHOOKS = (Fault.DROPPED, Fault.LATE, Fault.SHUFFLED, Fault.DUPLICATED)
OF_CALLS = tuple(fault for fault in Fault if fault not in OF_WEBHOOKS)
SECONDS = {Fault.SLOW: 30, Fault.LATE: 10, Fault.SHUFFLED: 2}


@dataclass(frozen=True)
class Set:
    """A fault that is set; `left`: for how many calls or webhooks more, `asked`: at first."""

    fault: Fault
    asked: int
    left: int
    seconds: int
    calls: str

    def as_json(self) -> Json:
        return {
            "fault": self.fault.value,
            "left": self.left,
            "seconds": self.seconds,
            "calls": self.calls,
        }


def set_fault(store: Store, account: str, given: Json) -> None:
    """Set one as a form says it: `fault`, `times`, and if need be `seconds` and `calls`.

    :raises Refusal: in words, if that is no fault
    """
    fault = Fault(params.choice(given, "fault", tuple(Fault)) or params.needed(given, "fault"))
    times = _number(given, "times", CALLS_MAX, default=1)
    seconds = _number(given, "seconds", SECONDS_MAX, default=SECONDS.get(fault, 0))
    calls = given.get("calls", CHARGING) if fault in OF_CALLS else ""
    if not isinstance(calls, str):
        raise Refusal("Invalid string", param="calls")
    store.db.execute(
        "INSERT OR REPLACE INTO faults (account, fault, asked, remaining, seconds, calls)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (account, fault.value, times, times, seconds, calls),
    )


def _number(given: Json, name: str, most: int, *, default: int) -> int:
    number = params.integer(given, name)
    number = default if number is None else number
    if not 0 <= number <= most:
        raise Refusal(f"This value must be between 0 and {most}.", param=name)
    return number


def clear_faults(store: Store, account: str) -> None:
    store.db.execute("DELETE FROM faults WHERE account = ?", (account,))


def set_faults(store: Store, account: str) -> list[Set]:
    rows = store.db.execute(
        "SELECT * FROM faults WHERE account = ? AND remaining > 0 ORDER BY fault", (account,)
    )
    return [
        Set(Fault(row["fault"]), row["asked"], row["remaining"], row["seconds"], row["calls"])
        for row in rows
    ]


def fault_of_call(store: Store, account: str, *, method: str, path: str) -> Set | None:
    """Use up a fault for a call, if one is set for it."""
    call = f"{method} {path}"
    return _take(store, account, lambda it: it.fault in OF_CALLS and call.startswith(it.calls))


def fault_of_webhook(store: Store, account: str) -> Set | None:
    """Use up a fault for a webhook, if one is set."""
    return _take(store, account, lambda it: it.fault in OF_WEBHOOKS)


def _take(store: Store, account: str, fits: Callable[[Set], bool]) -> Set | None:
    found = next(filter(fits, set_faults(store, account)), None)
    if found:
        store.db.execute(
            "UPDATE faults SET remaining = remaining - 1 WHERE account = ? AND fault = ?",
            (account, found.fault.value),
        )
    return found
