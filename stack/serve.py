"""The application's processes under honcho, and a watch on what they stand on."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from honcho.manager import Manager

from stack.console import CannotStart, failure, say
from stack.places import CHECKOUT, Places
from stack.ports import HOST
from stack.processes import end_session
from stack.servers import Running

START_SECONDS = 120
WATCH_SECONDS = 0.5
POLL_SECONDS = 0.1
ASKED_TO_STOP = (128 + signal.SIGINT, 128 + signal.SIGTERM)
BIN = Path(sys.executable).parent


class Message(Protocol):
    """What honcho prints: a line of its own or of a process."""

    name: str
    data: str | bytes


def commands(places: Places, *, port: int) -> dict[str, list[str]]:
    celery = [str(BIN / "celery"), "--app", "config"]
    return {
        "web": [
            *(str(BIN / "granian"), "--interface", "wsgi", "--host", HOST, "--port", str(port)),
            *("--workers", "1", "--blocking-threads", "4", "--no-ws"),
            *("--respawn-failed-workers", "--respawn-interval", "1", "config.wsgi:application"),
        ],
        "worker": [
            *(*celery, "worker", "--pool", "threads", "--concurrency", "4"),
            *("--without-gossip", "--without-mingle", "--loglevel", "info"),
        ],
        "beat": [
            *(*celery, "beat", "--schedule", str(places.data / "beat-schedule")),
            *("--pidfile=", "--loglevel", "info"),
        ],
    }


def serve(places: Places, running: Running, *, port: int, greeting: str) -> None:
    """Run web, worker and beat until Ctrl-C.

    :raises CannotStart: if one of them, or a server that they need, ends by itself
    :raises BrokenPipeError: if nobody reads that it is ready
    """
    watch = Watch(running, port=port, greeting=greeting)
    log = Log(places.logs / "processes.log", once_started=watch.start)
    manager = Manager(printer=log)
    (places.data / "static").mkdir(exist_ok=True)  # WhiteNoise warns of a folder that is not there
    started = commands(places, port=port)
    for name, command in started.items():
        recorded = [sys.executable, "-m", "stack.child", str(places.data), name, *command]
        told = {**os.environ, **running.environment}
        manager.add_process(name, f"exec {shlex.join(recorded)}", env=told, cwd=str(CHECKOUT))
    try:
        manager.loop()
    finally:
        watch.over.set()
        for name in started:
            end_session(places, name)
    if watch.reason:
        raise watch.reason
    if manager.returncode not in ASKED_TO_STOP:
        raise CannotStart(ended_by_itself(places, log))


class Log:
    """honcho's printer: keeps its words in a file, and tells when all is started."""

    width = 0

    def __init__(self, path: Path, *, once_started: Callable[[], None]) -> None:
        # Unbuffered: honcho also prints from its signal handler.
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.once_started: Callable[[], None] | None = once_started
        self.first_to_end = ""

    def write(self, message: Message) -> None:
        # honcho has forked all processes before it prints the first line, and only
        # then may a thread begin: to fork beside a running thread is unsafe.
        if self.once_started:
            begin, self.once_started = self.once_started, None
            begin()
        text = message.data if isinstance(message.data, str) else message.data.decode()
        if ended := re.match(r"(\w+) stopped", text):
            self.first_to_end = self.first_to_end or ended[1]
        os.write(self.file, f"{datetime.now().astimezone():%F %T} {message.name} {text}".encode())


class Watch(threading.Thread):
    """Says when the web server answers; then ends the run if a server under it ends."""

    def __init__(self, running: Running, *, port: int, greeting: str) -> None:
        super().__init__(daemon=True)
        self.running = running
        self.port = port
        self.greeting = greeting
        self.over = threading.Event()
        self.reason: Exception | None = None

    def run(self) -> None:
        for _ in range(int(START_SECONDS / POLL_SECONDS)):
            if self.over.wait(POLL_SECONDS):
                return
            if is_alive(self.port):
                self.greet()
                break
        else:
            self.stop(CannotStart(f"the web server did not answer within {START_SECONDS} s."))
        while not self.over.wait(WATCH_SECONDS):
            for name, process in self.running.processes.items():
                if process.poll() is not None:
                    ended = f"{name} ended (exit {process.returncode}), so all is stopped."
                    self.stop(CannotStart(ended))
                    return

    def greet(self) -> None:
        try:
            say(self.greeting)
        except BrokenPipeError as unheard:
            self.stop(unheard)

    def stop(self, reason: Exception) -> None:
        self.reason = reason
        os.kill(os.getpid(), signal.SIGTERM)


def is_alive(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def ended_by_itself(places: Places, log: Log) -> str:
    name = log.first_to_end or "web"
    return failure(
        f"the {name} process ended by itself, so all is stopped.",
        log=places.logs / f"{name}.log",
        room=places.data,
        hint="Put right what it says, then start again; the data is kept.",
    )
