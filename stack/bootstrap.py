"""The first step of every make target: `python3 -m stack.bootstrap run|test|…`.

Standard library only, and readable by old Pythons as far as the sentence that refuses them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
KNOWN_MINORS = (14, 13, 12, 11)


def change_to_newer_python() -> None:
    """Go on with a newer Python that is installed beside this one, or say what to do."""
    for minor in KNOWN_MINORS:
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", ""], check=False).returncode == 0:
            os.execv(found, [found, "-m", "stack.bootstrap", *sys.argv[1:]])  # noqa: S606
    needed, present = (".".join(map(str, parts)) for parts in (OLDEST, sys.version_info[:2]))
    sys.exit(
        f"Deskmint needs Python {needed} or newer; this is {present}.\n"
        "Install one, or name it: make run PYTHON=/path/to/python3.12"
    )


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        change_to_newer_python()
    from stack.console import exit_plainly
    from stack.prepare import main

    exit_plainly(main)
