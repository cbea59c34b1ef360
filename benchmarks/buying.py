"""Buyers in another process, so that they share the machine but not the interpreter."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from queue import Queue
from threading import Thread
from time import perf_counter, sleep
from types import TracebackType

from benchmarks.waiting import Waiting

SETTLE_IN_SECONDS = 0.2


@dataclass
class Bought:
    per_second: float = 0


class Buying:
    """Threads that settle waiting charges one after the other, whenever they are let."""

    def __init__(self, waiting: list[Waiting], *, threads: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._go, self._end = spawn.Event(), spawn.Event()
        self._count = spawn.Value("q", 0)
        self._process = spawn.Process(
            target=_buy, args=(waiting, threads, self._go, self._end, self._count), daemon=True
        )

    def __enter__(self) -> "Buying":
        self._process.start()
        with self.going(on=True):  # imports, connections, prepared statements
            while not self._count.value:
                sleep(0.1)
            sleep(1)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._go.set()
        self._process.join(10)

    @contextmanager
    def going(self, *, on: bool) -> Iterator[Bought]:
        """Let them buy meanwhile, or have them rest."""
        bought = Bought()
        if on:
            self._go.set()
        sleep(SETTLE_IN_SECONDS)
        before, started = self._count.value, perf_counter()
        yield bought
        bought.per_second = (self._count.value - before) / (perf_counter() - started)
        self._go.clear()
        assert not on or self._process.exitcode is None
        sleep(SETTLE_IN_SECONDS)


def _buy(
    waiting: list[Waiting], threads: int, go: Event, end: Event, settled: "Synchronized[int]"
) -> None:
    import django  # noqa: PLC0415 - a fresh process, without apps yet

    django.setup()
    queue: Queue[Waiting] = Queue()
    for charge in waiting:
        queue.put(charge)
    buyers = [Thread(target=_one_buyer, args=(queue, go, end, settled)) for _ in range(threads)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()


def _one_buyer(
    queue: "Queue[Waiting]", go: Event, end: Event, settled: "Synchronized[int]"
) -> None:
    from django.utils.timezone import now  # noqa: PLC0415

    from membership.services.settlement import settle_transaction  # noqa: PLC0415

    for _ in count():
        go.wait()
        if end.is_set():
            return
        charge = queue.get_nowait()
        settle_transaction(
            transaction_id=charge.transaction_id,
            location_id=charge.location_id,
            outcome=charge.paid(),
            at=now(),
        )
        with settled.get_lock():
            settled.value += 1
