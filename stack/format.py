"""`make format`: bring code and templates into form."""

from __future__ import annotations

import subprocess

from stack.check import DJANGO, templates, tool
from stack.console import exit_plainly
from stack.places import CHECKOUT


def main() -> int:
    codes = [
        subprocess.run(command, check=False, cwd=CHECKOUT).returncode
        for command in (
            [tool("ruff"), "check", "--fix", "--quiet"],
            [tool("ruff"), "format", "--quiet"],
        )
    ]
    # djade answers 1 when it has changed a file.
    djade = [tool("djade"), "--target-version", DJANGO, *templates()]
    subprocess.run(djade, check=False, cwd=CHECKOUT)
    return max(codes)


if __name__ == "__main__":
    exit_plainly(main)
