"""Become one of the application's processes, on record: `stack.child DATA NAME COMMAND…`.

honcho starts us. What a killed launcher leaves is found by the record, and the output goes to
a log of its own: the terminal stays with the line that says Deskmint is ready.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stack.places import Places
from stack.processes import fresh_log, remember


def main() -> None:
    data, name, *command = sys.argv[1:]
    places = Places(asked=Path(data), data=Path(data))
    os.umask(0o077)
    log = os.open(fresh_log(places, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    remember(places, name, os.getpid())
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.execv(command[0], command)  # noqa: S606  # nothing to quote


if __name__ == "__main__":
    main()
