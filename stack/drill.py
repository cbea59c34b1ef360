"""`make drill`: break a whole installation on purpose (ONLY= names one drill)."""

from __future__ import annotations

import sys

from stack.console import exit_plainly, hand_over
from stack.frontend import build_frontend


def main() -> int:
    build_frontend()
    hand_over(sys.executable, "drills")


if __name__ == "__main__":
    exit_plainly(main)
