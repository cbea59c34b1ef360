"""The processes of one data folder: who holds it, what it started, what a killed run left."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stack.console import CannotStart, failure
from stack.places import Places

POLL_SECONDS = 0.03
STOP_SECONDS = 10.0
START_SECONDS = 60.0


@contextmanager
def hold(places: Places, *, role: str) -> Iterator[None]:
    """Be the only launcher on this data folder.

    A POSIX record lock: it ends with this very process, however that ends, and a child
    that outlives a killed launcher does not keep it.
    """
    with (places.run / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            lock.seek(0)
            raise CannotStart(
                f"{places.data} is in use by {lock.read().strip() or 'another start'}.\n"
                "  Stop that one first, or run beside it with other PORT= and DATA=."
            ) from None
        lock.truncate(0)
        lock.write(f"{role} (process {os.getpid()})")
        lock.flush()
        yield


def is_held(places: Places) -> bool:
    """Tell whether another process holds the folder. Never call it while holding it."""
    path = places.run / "lock"
    if not path.exists():
        return False
    with path.open("r+", encoding="utf-8") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return True
    return False


@contextmanager
def server(
    name: str,
    command: Sequence[str | Path],
    *,
    places: Places,
    stop: signal.Signals = signal.SIGTERM,
    **options: Any,  # handed to Popen as they are
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a session of its own, so that the terminal's Ctrl-C passes it by."""
    with fresh_log(places, name).open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            **options,
        )
    try:
        remember(places, name, process.pid)
        yield process
    finally:
        stop_child(process, stop)
        forget(places, name)


def fresh_log(places: Places, name: str) -> Path:
    """Name the log of this start; the one before is kept beside it."""
    log = places.logs / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    return log


def wait_until(
    ready: Callable[[], bool], *, name: str, process: subprocess.Popen[bytes], places: Places
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            state = f"ended (exit {process.returncode})" if ended else "did not answer"
            raise CannotStart(
                failure(
                    f"{name} {state} at its start.",
                    log=places.logs / f"{name}.log",
                    room=places.data,
                    hint="Start again; if it stays so, try an empty folder with DATA=.",
                )
            )
        time.sleep(POLL_SECONDS)


def stop_child(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process.pid)


def end_group(leader: int) -> None:
    """End what a finished child of ours left running in its session."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def end_session(places: Places, name: str) -> None:
    """End a recorded process whose parent is not us, with all that it started."""
    record = places.run / f"{name}.pid"
    if record.exists():
        end_group(json.loads(record.read_text(encoding="utf-8"))["pid"])
        record.unlink()


def remember(places: Places, name: str, pid: int) -> None:
    """Note a started process, with what tells it from a later one of the same number."""
    record = places.run / f"{name}.pid"
    unfinished = record.with_suffix(".new")
    unfinished.write_text(json.dumps({"pid": pid, "started": start_mark(pid)}), encoding="utf-8")
    unfinished.replace(record)


def forget(places: Places, name: str) -> None:
    (places.run / f"{name}.pid").unlink(missing_ok=True)


def remembered(places: Places) -> Iterator[tuple[str, int]]:
    """Name the recorded processes that still run, and are those that were recorded."""
    for record in sorted(places.run.glob("*.pid")):
        try:
            seen = json.loads(record.read_text(encoding="utf-8"))
        except ValueError:  # cut short by a full disk
            seen = {"pid": 0, "started": None}
        if seen["started"] and start_mark(seen["pid"]) == seen["started"]:
            yield record.stem, seen["pid"]
        else:
            record.unlink()


def stop_left_over(places: Places) -> list[str]:
    """Stop what a killed launcher left running in this folder, and name it."""
    names = []
    for name, pid in remembered(places):
        stop_stranger(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
        forget(places, name)
        names.append(f"{name} ({pid})")
    return names


def stop_stranger(pid: int, stop: signal.Signals) -> None:
    mark = start_mark(pid)
    for number in (stop, signal.SIGKILL):
        send(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while mark and start_mark(pid) == mark:
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        else:
            break
    end_group(pid)


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def start_mark(pid: int) -> str | None:
    """Tell when a process started; with its number that names it. None: it does not run."""
    kernel = Path("/proc/sys/kernel/random/boot_id")
    if not kernel.exists():
        return start_mark_by_ps(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, ticks = fields[0], fields[19]
    return None if state == "Z" else f"{kernel.read_text(encoding='utf-8').strip()}/{ticks}"


def start_mark_by_ps(pid: int) -> str | None:
    seen = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return seen.stdout.strip() or None
