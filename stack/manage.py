"""Run a management command in the environment of `make run`.

Beside a running `make run` it uses its servers, else it starts them for as long as it takes.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from stack.console import CannotStart, exit_plainly
from stack.places import CHECKOUT, Places, data_places
from stack.ports import web_port
from stack.processes import hold, is_held, stop_left_over
from stack.servers import servers

MANAGE = [sys.executable, str(CHECKOUT / "manage.py")]


def main() -> int:
    arguments = sys.argv[1:] or shlex.split(os.environ.get("ARGS", ""))
    places = data_places()
    if is_held(places):
        return manage(arguments, told=environment_in_use(places))
    is_new = not (places.data / "postgres").exists()
    with hold(places, role="make manage"):
        stop_left_over(places)
        with servers(places, port=web_port(), quiet=True) as running:
            if is_new and "postgres" in running.processes:
                manage(["migrate", "--verbosity", "0"], told=running.environment)
            return manage(arguments, told=running.environment)


def manage(arguments: Sequence[str], *, told: Mapping[str, str]) -> int:
    """Run it in the foreground: a Ctrl-C is the command's own, we only wait for its end."""
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.call([*MANAGE, *arguments], env=told, cwd=CHECKOUT)
    finally:
        signal.signal(signal.SIGINT, previous)


def environment_in_use(places: Places) -> dict[str, str]:
    path = places.run / "environment.json"
    if not path.exists():
        raise CannotStart(f"the servers in {places.data} are just starting. Try again soon.")
    told: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return os.environ | told


if __name__ == "__main__":
    exit_plainly(main)
