"""What the launcher says: a line per step, and one plain message when it cannot go on."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any, NoReturn

TAIL_LINES = 15
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_ROOM_WORDS = ("No space left on device", "Disk quota exceeded", "ENOSPC")


class CannotStart(Exception):
    """Its text is for the person at the terminal and says what to do next."""


def say(text: str = "") -> None:
    print(text, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    print(f"  {name:.<40} ", end="", flush=True)
    started = monotonic()
    try:
        yield
    except BaseException:
        say("stopped")
        raise
    say(f"{monotonic() - started:5.1f} s")


def run_logged(
    command: Sequence[str | Path],
    *,
    what: str,
    hint: str,
    log: Path,
    cwd: Path,
    room: Path | None = None,
    stdin: bytes = b"",
    **options: Any,  # handed to Popen as they are
) -> None:
    """Run to the end, output to `log`; nothing of it outlives an interruption.

    :raises CannotStart: with the last lines of the log
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
            **options,
        )
        try:
            process.communicate(stdin)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code := process.returncode:
        raise CannotStart(
            failure(f"{what} failed (exit {code}).", log=log, room=room or cwd, hint=hint)
        )


def failure(sentence: str, *, log: Path, room: Path, hint: str) -> str:
    """Word a failure: what, the log's last lines, where the log is, what to try."""
    last = tail(log)
    if any(words in last for words in NO_ROOM_WORDS):
        hint = f"The disk is full: make room on the one that holds {room}, then start again."
    quoted = "\n".join(f"    {line}" for line in last.splitlines())
    return f"{sentence}\n{quoted}\n  The whole log: {log}\n  {hint}"


def tail(log: Path) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-TAIL_LINES:])


def exit_plainly(main: Callable[[], int]) -> NoReturn:
    """End the program with main's code; an expected failure is one message, no traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # any LANG will do
    signal.signal(signal.SIGTERM, as_interrupt)
    try:
        code = main()
    except CannotStart as reason:
        code = refuse(str(reason))
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = end_unheard()
    except OSError as error:
        code = refuse(worded(error))
    sys.exit(code)


def hand_over(python: str | Path, module: str, *arguments: str) -> NoReturn:
    """Become another program of ours: same process, so signals find it."""
    sys.stdout.flush()
    os.execv(python, [str(python), "-m", module, *arguments])  # noqa: S606  # nothing to quote


def as_interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def refuse(reason: str) -> int:
    sys.stdout.flush()
    print(f"\nDeskmint: {reason}", file=sys.stderr, flush=True)
    return 1


def end_unheard() -> int:
    """Nobody reads on, as behind `| head`: say no more, not even when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def worded(error: OSError) -> str:
    place = error.filename or "the data folder or the checkout"
    if error.errno in NO_ROOM:
        return f"the disk is full. Make room on the one that holds {place}, then start again."
    return f"{error.strerror or error}: {place}"
