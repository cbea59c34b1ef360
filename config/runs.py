"""Tasks that wait for servers outside, which may hang: they must leave threads to payments."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

ENOUGH_FAILURES = 5
SECONDS = 30


class Run:
    """One run of a task. Whatever it leaves is the next one's."""

    def __init__(self) -> None:
        self.until = time.monotonic() + SECONDS
        self.failures = 0

    @property
    def is_over(self) -> bool:
        """Its time is, or it failed so often that it is rather the server's fault."""
        return self.failures >= ENOUGH_FAILURES or time.monotonic() >= self.until


class Runs:
    """The runs of a task: one at a time in a process, whose other threads do other tasks."""

    def __init__(self) -> None:
        self.lock = Lock()

    @contextmanager
    def begin(self) -> Iterator[Run | None]:
        """Give a run, or none while another one is on: that one finds what is waiting."""
        is_ours = self.lock.acquire(blocking=False)
        try:
            yield Run() if is_ours else None
        finally:
            if is_ours:
                self.lock.release()
