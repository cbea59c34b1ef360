"""Launchers as a person starts them: programs of their own, in a session of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg

from stack.places import CHECKOUT
from stack.processes import start_mark
from tests.plugins.stack import environment_of_a_person

READY = "Servers are ready."


@contextmanager
def launched(
    data, *, module="stack.servers", python=sys.executable, cwd=CHECKOUT, person=None, **asked
):
    """Start a launcher; whatever happens, it is asked to stop at the end."""
    environment = environment_of_a_person(DATA=str(data or ""), **asked)
    user, group = person or (None, None)
    process = subprocess.Popen(
        [python, "-m", module],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=[] if person and os.geteuid() == 0 else None,
    )
    with process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()


def wait_for(process, line=READY):
    """Read the launcher's output as far as the line, and give all of it."""
    printed = []
    for text in process.stdout:
        printed.append(text)
        if text.startswith(line):
            return "".join(printed)
    raise AssertionError("".join(printed))


def press_ctrl_c(process):
    """Do what a terminal does: signal everything in the foreground group."""
    os.killpg(process.pid, signal.SIGINT)
    process.wait(15)


def recorded(data):
    """Name the processes that a launcher has started and noted, each with its start mark."""
    pids = {path.stem: json.loads(path.read_text())["pid"] for path in Path(data).glob("run/*.pid")}
    return {name: (pid, start_mark(pid)) for name, pid in pids.items()}


def still_running(processes):
    return [name for name, (pid, mark) in processes.items() if start_mark(pid) == mark]


def query(data, sql):
    folder = Path(data) / "run" / "postgres"
    with psycopg.connect(host=str(folder), user="deskmint", dbname="deskmint") as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None
