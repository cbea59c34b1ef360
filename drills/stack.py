"""One whole installation whose servers and processes can be killed, and come back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import environ
import psycopg
from psycopg.rows import dict_row

from stack import environment
from stack.places import AS_ROOT, CHECKOUT, Places, make_places
from stack.ports import HOST, free_port
from stack.postgres import postgres
from stack.processes import server
from stack.run import manage
from stack.serve import commands, is_alive
from stack.servers import socket_home, stand_in
from stack.valkey import valkey

APPLICATION = ("web", "worker", "beat")
GATEWAY_TIMEOUT_SECONDS = 2
START_SECONDS = 60
REVIVE_SECONDS = 0.5
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}

Serving = AbstractContextManager[subprocess.Popen[bytes]]


class Stack:
    def __init__(self, places: Places, sockets: Path) -> None:
        self.places, self.sockets = places, sockets
        self.port = free_port()
        self.door = places.data / "door"
        self.door.mkdir()
        self.told = environment.application(places, port=self.port) | {
            "DATABASE_URL": environment.database_url(sockets),
            "REDIS_URL": environment.redis_url(sockets),
            "DJANGO_SETTINGS_MODULE": "drills.settings",
            "DRILL_DOOR": str(self.door),
            "DRILL_WITHOUT": "",
            "STRIPE_TIMEOUT_SECONDS": str(GATEWAY_TIMEOUT_SECONDS),
        }
        self._makes: dict[str, Callable[[], Serving]] = {
            "postgres": lambda: postgres(places, sockets=sockets, durable=True),
            "valkey": lambda: valkey(places, sockets=sockets, durable=True),
            "stripe": lambda: stand_in(places, self.told),
        }
        self._serving: dict[str, tuple[Serving, subprocess.Popen[bytes]]] = {}
        self._lock = threading.RLock()
        self.revived = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def standin_url(self) -> str:
        return self.told["STRIPE_STANDIN_URL"]

    def start(self, *names: str) -> None:
        with self._lock:
            for name in names:
                make = self._makes.get(name) or partial(self._process, name)
                serving = make()
                self._serving[name] = (serving, serving.__enter__())
        if "web" in names:
            self.wait_until_alive()

    def _process(self, name: str) -> Serving:
        command = commands(self.places, port=self.port)[name]
        return server(name, command, places=self.places, cwd=CHECKOUT, env=self.told)

    def stop(self, *names: str) -> None:
        with self._lock:
            for name in names:
                if name in self._serving:
                    serving, _process = self._serving.pop(name)
                    serving.__exit__(None, None, None)

    def stop_all(self) -> None:
        self.stop(*reversed(list(self._serving)))

    def kill(self, name: str) -> None:
        """Kill a server with all its processes, and reap it; it stays dead."""
        with self._lock:
            _serving, process = self._serving[name]
            for pid in (process.pid, *children(process.pid)):
                end(pid)
            process.wait()
            self.stop(name)

    def revive(self, over: threading.Event) -> None:
        """Start a process again that ended by itself, as a service manager does."""
        while not over.wait(REVIVE_SECONDS):
            with self._lock:
                for name in set(APPLICATION) & self._serving.keys():
                    if self._serving[name][1].poll() is not None:
                        self.stop(name)
                        self.start(name)
                        self.revived += 1

    def kill_web_worker(self) -> None:
        """Kill the process that answers requests; the one above it starts another."""
        _serving, process = self._serving["web"]
        for pid in children(process.pid):
            end(pid)

    def write_wal_seldom(self) -> None:
        """Without synchronous commit, how much of what was acknowledged is only in memory."""
        with self.database() as connection:
            connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            connection.execute("SELECT pg_reload_conf()")

    def wipe_valkey(self) -> None:
        shutil.rmtree(self.places.data / "valkey")

    def signal(self, name: str, number: signal.Signals) -> None:
        _serving, process = self._serving[name]
        process.send_signal(number)

    def restart_application(self, *, without: str) -> None:
        """Start the application anew, with or without one of its guards."""
        self.stop(*reversed(APPLICATION))
        self.told["DRILL_WITHOUT"] = without
        self.start(*APPLICATION)

    def wait_until_alive(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not is_alive(self.port):
            assert time.monotonic() < until, "the web server does not answer"
            threading.Event().wait(0.1)

    def write_note(self, name: str) -> Path:
        note = self.door / name
        note.touch()
        return note

    def database(self) -> psycopg.Connection[dict[str, object]]:
        where = environ.Env.db_url_config(self.told["DATABASE_URL"])
        return psycopg.connect(
            host=where["HOST"],
            dbname=where["NAME"],
            user=where["USER"],
            autocommit=True,
            row_factory=dict_row,
        )

    def assert_durable(self) -> None:
        """See that what is acknowledged is on disk; killing a process alone would not show it."""
        with self.database() as connection:
            for name, wanted in DURABLE.items():
                row = connection.execute(f"SHOW {name}").fetchone()
                assert row == {name: wanted}, row


@contextmanager
def whole_stack() -> Iterator[Stack]:
    """Bring up everything in a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="deskmint-drill-"))
    folder.chmod(0o711 if AS_ROOT else 0o700)
    with ExitStack() as leaving:
        leaving.callback(shutil.rmtree, folder)
        places = make_places(asked=folder, data=folder)
        (folder / "static").mkdir()
        sockets = leaving.enter_context(socket_home(places))
        stack = Stack(places, sockets)
        leaving.callback(stack.stop_all)
        stack.start("postgres", "valkey", "stripe")
        stack.assert_durable()
        manage(places, stack.told, "migrate", "--no-input")
        stack.start(*APPLICATION)
        over = threading.Event()
        manager = threading.Thread(target=stack.revive, args=(over,))
        manager.start()
        try:
            yield stack
        finally:
            over.set()
            manager.join()


def children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,args="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [
        int(own)
        for own, parent, what in rows
        if int(parent) == pid and "resource_tracker" not in what
    ]


def end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def say(words: str) -> None:
    sys.stderr.write(f"{time.strftime('%T')} {words}\n")
    sys.stderr.flush()
