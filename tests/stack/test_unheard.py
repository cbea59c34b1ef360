"""`make run | head`: whoever reads no more gets no traceback."""

import os
import signal
import subprocess
import sys

from stack import serve
from stack.places import CHECKOUT
from stack.servers import Running

TALK = "from stack.console import exit_plainly, say; exit_plainly(lambda: [say('on')] * 2 and 0)"


def test_a_launcher_that_is_not_heard_ends_without_a_word():
    reading, writing = os.pipe()
    os.close(reading)

    talk = [sys.executable, "-c", TALK]
    ended = subprocess.run(talk, check=False, stdout=writing, stderr=subprocess.PIPE, cwd=CHECKOUT)

    os.close(writing)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, b"")


def test_if_nobody_reads_that_it_is_ready_all_is_stopped(monkeypatch):
    unheard, stopped = BrokenPipeError(), []

    def say(_greeting):
        raise unheard

    monkeypatch.setattr(serve, "is_alive", lambda _port: True)
    monkeypatch.setattr(serve, "say", say)
    watch = serve.Watch(Running(environment={}, processes={}), port=1, greeting="Ready")

    def kill(*told):
        stopped.append(told)
        watch.over.set()

    monkeypatch.setattr(os, "kill", kill)
    watch.run()

    assert stopped == [(os.getpid(), signal.SIGTERM)]
    assert watch.reason is unheard
