"""Postgres, Valkey and the Stripe stand-in for as long as someone needs them.

`python -m stack.servers` runs them alone, until Ctrl-C.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from stack import environment, ports
from stack.console import exit_plainly, say, step
from stack.places import AS_ROOT, CHECKOUT, Places, data_places, make_places
from stack.postgres import SOCKET, postgres
from stack.processes import hold, server, stop_left_over, wait_until
from stack.valkey import valkey

LONGEST_SOCKET_PATH = 103  # bytes; macOS allows no more


@dataclass(frozen=True)
class Running:
    """Servers that answer: what to tell the application, and the processes to watch."""

    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]]


@contextmanager
def servers(places: Places, *, port: int, quiet: bool = False) -> Iterator[Running]:
    """Run what the environment does not bring, and stop it at the end."""
    told = environment.application(places, port=port)
    processes = {}
    note = places.run / "environment.json"  # for `make manage` beside us
    note.unlink(missing_ok=True)
    announce = nullcontext if quiet else step
    with ExitStack() as stack:
        sockets = stack.enter_context(socket_home(places))
        if "DATABASE_URL" not in told:
            with announce("Postgres"):
                serving = postgres(places, sockets=sockets, durable=True)
                processes["postgres"] = stack.enter_context(serving)
            told["DATABASE_URL"] = environment.database_url(sockets)
        if "REDIS_URL" not in told:
            with announce("Valkey"):
                caching = valkey(places, sockets=sockets, durable=True)
                processes["valkey"] = stack.enter_context(caching)
            told["REDIS_URL"] = environment.redis_url(sockets)
        if not brings_stripe(told):
            with announce("Stripe stand-in"):
                processes["stripe"] = stack.enter_context(stand_in(places, told))
        environment.write_private(note, told)
        stack.callback(note.unlink)
        stack.callback(finish_in_peace)
        yield Running(environment=told, processes=processes)


def brings_stripe(told: dict[str, str]) -> bool:
    return any(name.startswith("STRIPE_") for name in told)


@contextmanager
def stand_in(places: Places, told: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    note = places.data / "stripe.port"
    command = [
        *(sys.executable, "-m", "stack.stripe_standin", "--port", str(ports.remembered_port(note))),
        *("--store", str(places.data / "stripe.sqlite3")),
    ]
    with server("stripe", command, places=places, cwd=CHECKOUT, env=told) as process:
        log = places.logs / "stripe.log"
        wait_until(lambda: bool(bound_port(log)), name="stripe", process=process, places=places)
        note.write_text(bound_port(log), encoding="ascii")
        told |= environment.stand_in(bound_port(log))
        yield process


def bound_port(log: Path) -> str:
    """Read the port from the stand-in's own word that it is ready; until then nothing."""
    ready = re.search(r"ready at http://[^:]+:(\d+)\n", log.read_text(encoding="utf-8"))
    return ready[1] if ready else ""


def finish_in_peace() -> None:
    """Ignore a second Ctrl-C: it must not leave half of the servers running."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


@contextmanager
def socket_home(places: Places) -> Iterator[Path]:
    """Give a folder whose sockets have names short enough, beside the data if it can be."""
    if len(os.fsencode(places.run / "postgres" / SOCKET)) <= LONGEST_SOCKET_PATH:
        yield places.run
        return
    note = places.run / "sockets"
    if note.is_symlink():  # a killed start's
        shutil.rmtree(note.readlink(), ignore_errors=True)
        note.unlink()
    home = Path(tempfile.mkdtemp(prefix="deskmint-", dir="/tmp"))
    note.symlink_to(home)
    home.chmod(0o711 if AS_ROOT else 0o700)
    try:
        yield home
    finally:
        shutil.rmtree(home)
        note.unlink()


@contextmanager
def throwaway_servers(*, durable: bool = False) -> Iterator[dict[str, str]]:
    """Run Postgres and Valkey for tests: fast, unsafe, in a folder that goes with them.

    Durable: as safe, and as slow, as a real one; for measuring.
    """
    folder = Path(tempfile.mkdtemp(prefix="deskmint-test-"))
    folder.chmod(0o711 if AS_ROOT else 0o700)
    try:
        places = make_places(asked=folder, data=folder)
        (folder / "static").mkdir()  # nothing is collected here, and WhiteNoise warns without it
        with (
            socket_home(places) as sockets,
            postgres(places, sockets=sockets, durable=durable),
            valkey(places, sockets=sockets, durable=durable),
        ):
            yield environment.application(places, port=ports.DEFAULT) | {
                "DATABASE_URL": environment.database_url(sockets),
                "REDIS_URL": environment.redis_url(sockets),
            }
    finally:
        shutil.rmtree(folder)


def opening(places: Places) -> str:
    """Word the first line of a start: where the data lies, and why if not where it was asked."""
    why = f"\n  ({places.asked} is closed to the user that runs Postgres)" if places.moved else ""
    return f"Starting Deskmint; its data lies in {places.data}{why}"


def main() -> int:
    places = data_places()
    say(opening(places))
    with hold(places, role="python -m stack.servers"):
        stop_left_over(places)
        with servers(places, port=ports.web_port()):
            say("Servers are ready.")
            signal.pause()
    return 0


if __name__ == "__main__":
    exit_plainly(main)
