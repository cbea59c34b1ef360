"""`make bench`: measure, in the environment of the tests (ONLY= names one measurement)."""

from __future__ import annotations

import os
import shlex
import sys

from stack.console import exit_plainly, hand_over
from stack.frontend import build_frontend


def main() -> int:
    build_frontend()
    hand_over(sys.executable, "benchmarks", *shlex.split(os.environ.get("ONLY", "")))


if __name__ == "__main__":
    exit_plainly(main)
