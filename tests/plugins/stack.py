"""One real `make run` for the browser tests, on data that goes with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from stack.places import CHECKOUT
from stack.ports import HOST, free_port

START_SECONDS = 300
POLL_SECONDS = 0.1
STOP_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    url: str
    standin_url: str
    environment: dict[str, str]
    log: Path

    def printed(self):
        """What the launcher has said so far."""
        return self.log.read_text(encoding="utf-8")

    def manage(self, *arguments):
        """Run a management command beside the running stack and give what it prints."""
        return subprocess.run(
            [sys.executable, "-m", "stack.manage", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@pytest.fixture(scope="session")
def stack(request):
    """At a name, not a number: passkeys belong to one."""
    with started_stack(request, host="localhost", CALL_LOOPBACK="1") as running:
        yield running


@contextmanager
def started_stack(request, *, host=HOST, **asked):
    folder = Path(tempfile.mkdtemp(prefix="deskmint-stack-"))
    folder.chmod(0o711)
    port = str(free_port())
    if host != HOST:
        asked["BASE_URL"] = f"http://{host}:{port}"
    environment = environment_of_a_person(DATA=str(folder / "data"), PORT=port, **asked)
    log = folder / "run.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack.run"],
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield running_stack(process, log, environment)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)
        if request.session.testsfailed:
            show_logs(folder)
        shutil.rmtree(folder)


def environment_of_a_person(**asked):
    """Leave out what this test run set: the stack brings its own servers and keys."""
    ours = ("DATABASE_URL", "REDIS_URL", "STRIPE_", "SECRET_KEY", "FIELD_KEYS", "BASE_URL")
    ours += ("ALLOWED_HOSTS", "DATA_DIR", "EMBEDDED", "DJANGO_", "PYTEST_", "ARGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | asked


def running_stack(process, log, environment):
    url = f"http://{HOST}:{environment['PORT']}"
    try:
        wait_for_line(process, log, f"Deskmint is ready at {url}")
    except AssertionError:
        show_logs(log.parent)
        raise
    port = (Path(environment["DATA"]) / "stripe.port").read_text()
    return Stack(
        url=environment.get("BASE_URL", url),
        standin_url=f"http://{HOST}:{port}",
        environment=environment,
        log=log,
    )


def wait_for_line(process, log, line):
    deadline = time.monotonic() + START_SECONDS
    while line not in log.read_text().splitlines():
        assert process.poll() is None, "the launcher ended"
        assert time.monotonic() < deadline, "the launcher is not ready"
        time.sleep(POLL_SECONDS)


def show_logs(folder):
    for log in (folder / "run.log", *sorted(folder.glob("data/logs/*.log"))):
        sys.stdout.write(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")
