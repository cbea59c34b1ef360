"""Run the tests with all they need: the built front-end and a browser."""

from __future__ import annotations

import os
import shlex
import sys

from stack.browser import install_browser, present_browser
from stack.console import exit_plainly, hand_over, step
from stack.frontend import build_frontend

# A process per core, each with servers of its own; who is done early takes of the other's tests.
EVERYTHING = ("--numprocesses=auto", "--dist=worksteal")


def main() -> int:
    build_frontend()
    if not present_browser():
        with step("Browser for the tests"):
            install_browser()
    arguments = sys.argv[1:] or shlex.split(os.environ.get("ARGS", ""))
    hand_over(sys.executable, "pytest", *(arguments or EVERYTHING))


if __name__ == "__main__":
    exit_plainly(main)
