"""The buyers' own book: what they asked for and what they were told, on disk before and after."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ADDED = "added"  # the page said that the credits are there, or that the bill is paid


@dataclass
class Journal:
    path: Path
    asked: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    by_card: set[str] = field(default_factory=set)
    slowest_seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def will_ask(self, key: str, *, kind: str) -> float:
        """Note that something is about to be asked for; gives the moment."""
        self._write({"asks": key, "kind": kind})
        with self._lock:
            self.asked.add(key)
            if kind in {"card", "pay bill"}:
                self.by_card.add(key)
        return time.monotonic()

    def was_told(self, key: str, said: str, *, since: float) -> None:
        """Note what came back."""
        seconds = time.monotonic() - since
        self._write({"told": key, "said": said, "seconds": round(seconds, 2)})
        with self._lock:
            self.answers[said] = self.answers.get(said, 0) + 1
            self.slowest_seconds = max(self.slowest_seconds, seconds)
            if said == ADDED:
                self.acknowledged.add(key)

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._file, json.dumps({"at": time.time(), **line}).encode() + b"\n")
        os.fsync(self._file)

    def turn_page(self) -> None:
        """Count anew what is counted by drill; what was acknowledged is never forgotten."""
        self.slowest_seconds, self.answers = 0.0, {}

    def close(self) -> None:
        os.close(self._file)
