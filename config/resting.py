"""Leaving a server alone that did not answer, so that requests don't queue up before it."""

import time


class Rest:
    """How long this process does without a server after it did not answer."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.until = 0.0

    @property
    def is_on(self) -> bool:
        return time.monotonic() < self.until

    def begin(self) -> None:
        self.until = time.monotonic() + self.seconds

    def end(self) -> None:
        self.until = 0.0
