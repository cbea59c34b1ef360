"""Install what a command needs, then become that command; standard library only."""

from __future__ import annotations

import os
import sys

from stack.console import hand_over, step
from stack.places import CHECKOUT
from stack.ports import require_free, web_port
from stack.venvs import VENV, install, is_installed

LOCKS = {"run": "run", "manage": "run", "servers": "run"}


def main() -> int:
    command, *arguments = sys.argv[1:]
    lock = LOCKS.get(command, "dev")
    if not is_installed(VENV, lock):
        if command == "run":
            require_free(web_port())  # say it before the minute of installing, not after
        with step("Python packages"):
            install(VENV, lock)
    os.chdir(CHECKOUT)
    keep_what_is_compiled()
    hand_over(VENV / "bin" / "python", f"stack.{command}", *arguments)


def keep_what_is_compiled() -> None:
    """Compile modules once, not in each of our processes: 3 s each where an environment forbids it.

    It may forbid it to keep folders clean, so it is kept beside the packages and goes with them.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "compiled")
