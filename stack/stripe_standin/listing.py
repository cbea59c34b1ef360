"""Pages of a list, newest first, with Stripe's cursors and filters."""

import json
from dataclasses import dataclass, field

from stack.stripe_standin import params
from stack.stripe_standin.calls import Call
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import Json

PAGE = frozenset({"limit", "starting_after", "ending_before"})
LIMIT = 10
LIMIT_MAX = 100
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass
class Wanted:
    """The conditions of one list; every piece of SQL in it is ours, every value a parameter."""

    conditions: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def require(self, condition: str, *values: object) -> None:
        self.conditions.append(condition)
        self.values += values


def list_objects(
    call: Call, kind: str, *, equal: tuple[str, ...] = (), wanted: Wanted | None = None
) -> Json:
    """List the account's objects of a kind, filtered by the columns named in `equal`."""
    wanted = wanted or Wanted()
    wanted.require("account = ?", call.account.name)
    wanted.require("kind = ?", kind)
    for name in equal:
        if value := params.text(call.params, name):
            wanted.require(f"{name} = ?", value)
    _require_created(call, wanted)
    return _page(call, wanted)


def _require_created(call: Call, wanted: Wanted) -> None:
    created = call.params.get("created")
    if isinstance(created, dict):
        for name in created:
            if name not in COMPARISONS:
                raise Refusal(
                    f"Received unknown parameter: created[{name}]",
                    code="parameter_unknown",
                    param=f"created[{name}]",
                )
            wanted.require(f"created {COMPARISONS[name]} ?", params.integer(created, name))
    elif created:
        wanted.require("created = ?", params.integer(call.params, "created"))


def _page(call: Call, wanted: Wanted) -> Json:
    limit = params.integer(call.params, "limit")
    limit = LIMIT if limit is None else limit
    if not 1 <= limit <= LIMIT_MAX:
        raise Refusal(f"This value must be between 1 and {LIMIT_MAX}.", param="limit")
    after, before = (params.text(call.params, name) for name in ("starting_after", "ending_before"))
    if after:
        wanted.require("seq < ?", _place(call, after, "starting_after"))
    if before:
        wanted.require("seq > ?", _place(call, before, "ending_before"))
    order = "ASC" if before else "DESC"
    rows = call.store.db.execute(
        f"SELECT body FROM objects WHERE {' AND '.join(wanted.conditions)}"  # noqa: S608
        f" ORDER BY seq {order} LIMIT ?",
        (*wanted.values, limit + 1),
    ).fetchall()
    found = [json.loads(row["body"]) for row in rows[:limit]]
    return {
        "object": "list",
        "data": found[::-1] if before else found,
        "has_more": len(rows) > limit,
        "url": call.path,
    }


def _place(call: Call, id_: str, param: str) -> int:
    row = call.store.db.execute(
        "SELECT seq FROM objects WHERE id = ? AND account = ?", (id_, call.account.name)
    ).fetchone()
    if row is None:
        raise Refusal(f"No such object: '{id_}'", code="resource_missing", param=param)
    return int(row["seq"])
