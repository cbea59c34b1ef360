"""`expand[]=latest_charge`: an id replaced by the object that it names."""

from stack.stripe_standin.calls import Call
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import Json

DEPTH_MAX = 4


def expanded(call: Call, body: Json, paths: list[str]) -> Json:
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEPTH_MAX:
            raise Refusal("You cannot expand more than 4 levels of a property", param="expand")
        _expand(call, body, steps)
    return body


def _expand(call: Call, body: Json, steps: list[str]) -> None:
    if not steps:
        return
    step, *rest = steps
    value = body.get(step)
    if isinstance(value, str):
        value = call.store.find_any(call.account.name, value) or _refuse(step)
        body[step] = value
    elif step not in body:
        _refuse(step)
    for child in value if isinstance(value, list) else [value]:
        if isinstance(child, dict):
            _expand(call, child, rest)


def _refuse(step: str) -> Json:
    raise Refusal(f"This property cannot be expanded ({step}).", param="expand")
