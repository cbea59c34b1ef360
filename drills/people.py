"""Opens the locations of the drills: a process beside the application that knows its services.

A line in names a location, a line out says where it is and who buys there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import django
from django.db import connections

from stack.places import CHECKOUT

PASSWORD = "deskmint-drill"  # noqa: S105 - of people who live for a minute


class People:
    """The other end of that process."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "drills.people"],
            cwd=CHECKOUT,
            env={**told, "DRILL_WITHOUT": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def open(self, slug: str, *, bills: int, few: bool) -> dict[str, Any]:
        return self._ask({"open": slug, "bills": bills, "few": few})

    def broken_invariants(self) -> list[str]:
        broken: list[str] = self._ask({"check": True})["broken"]
        return broken

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the process that opens locations ended"
        told: dict[str, Any] = json.loads(answer)
        return told

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    django.setup()
    opening = import_module("drills.opening")  # it names models, which need the line above
    for line in sys.stdin:
        asked = json.loads(line)
        if "open" in asked:
            answer = opening.open_location(asked["open"], bills=asked["bills"], few=asked["few"])
        else:
            answer = opening.check()
        connections.close_all()  # the server may be killed before the next question
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
