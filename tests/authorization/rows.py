"""The words in which a row of the table says what each principal is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LOGIN = "login"  # led to the sign-in
PRINCIPALS = (
    "anonymous",
    "non_member",  # signed in, nothing at this location
    "member",
    "suspended",
    "left",
    "staff",
    "admin",
    "other_admin",  # an admin, of another location
    "operator",  # a superuser without a role at the location
)
Answers = dict[str, int | str]


def answers(status: int, *people: str, others: int = 403, **named: int | str) -> Answers:
    given = dict.fromkeys(PRINCIPALS, others) | {"anonymous": LOGIN}
    return given | dict.fromkeys(people, status) | named


def anyone(status: int = 200, **named: int | str) -> Answers:
    return answers(status, *PRINCIPALS, **named)


def signed_in(status: int = 200, **named: int | str) -> Answers:
    return answers(status, *PRINCIPALS[1:], **named)


def insiders(status: int = 200, **named: int | str) -> Answers:
    return answers(status, "member", "suspended", "staff", "admin", **named)


def members(status: int = 200, **named: int | str) -> Answers:
    return answers(status, "member", "suspended", **named)


def staff(status: int = 200, **named: int | str) -> Answers:
    return answers(status, "staff", "admin", **named)


def admins(status: int = 200, **named: int | str) -> Answers:
    return answers(status, "admin", **named)


def operators(status: int = 200, **named: int | str) -> Answers:
    return answers(status, "operator", **named)


@dataclass(frozen=True)
class Row:
    """A route with its answers.

    `send` is what is posted, `address` what an address takes that the world does not name.
    `colleagues` and `foreign` say who is answered otherwise than 404 about what isn't theirs.
    """

    name: str
    GET: Answers | None = None
    POST: Answers | None = None
    send: dict[str, Any] = field(default_factory=dict)
    address: dict[str, Any] = field(default_factory=dict)
    colleagues: Answers = field(default_factory=dict)
    foreign: Answers = field(default_factory=dict)
    # Other people's code: it decides itself which methods it knows.
    library: bool = False

    @property
    def methods(self) -> dict[str, Answers]:
        return {name: it for name in ("GET", "POST") if (it := getattr(self, name)) is not None}


SAME = "same"  # as about one's own
