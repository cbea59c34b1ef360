"""`make lock`: lock what pyproject.toml asks for, with hashes (ARGS=--upgrade: newer versions).

dev.txt is chosen first and binds run.txt: what is tested is what runs.
"""

from __future__ import annotations

import os
import shlex
import shutil

from stack.console import CannotStart, exit_plainly, run_logged, step
from stack.places import CHECKOUT, SETUP_LOGS

GROUPS = {
    "dev": ("pyproject.toml", "--group", "dev"),
    "run": ("pyproject.toml", "--group", "embedded", "--constraints", "requirements/dev.txt"),
    "node": ("--group", "node"),
}
# Universal: one file for every platform and every Python we support. No index is named.
COMMON = (
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"),
    *("--custom-compile-command", "make lock", "--quiet"),
)


def main() -> int:
    uv = shutil.which("uv")
    if not uv:
        raise CannotStart("`make lock` needs uv: pip install uv")
    more = shlex.split(os.environ.get("ARGS", ""))
    for name, groups in GROUPS.items():
        target = f"requirements/{name}.txt"
        with step(target):
            run_logged(
                [uv, "pip", "compile", *groups, *COMMON, *more, "-o", target],
                what="Locking the requirements",
                hint="Change pyproject.toml accordingly, then try again.",
                log=SETUP_LOGS / "lock.log",
                cwd=CHECKOUT,
            )
    return 0


if __name__ == "__main__":
    exit_plainly(main)
