"""Buyers in another process, so that they share the machine but not the interpreter."""

import multiprocessing
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from threading import Thread
from time import perf_counter, sleep
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.rows import Buyer


SETTLE_IN_SECONDS = 0.2


@dataclass
class Bought:
    per_second: float = 0


class Buying:
    """Threads that buy on the bill one purchase after the other, whenever they are let."""

    def __init__(self, buyers: "list[Buyer]", *, threads: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._go, self._end = spawn.Event(), spawn.Event()
        self._count = spawn.Value("q", 0)
        self._process = spawn.Process(
            target=_buy,
            args=(pickle.dumps(buyers), threads, self._go, self._end, self._count),
            daemon=True,
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


def _buy(pickled: bytes, threads: int, go: Event, end: Event, bought: "Synchronized[int]") -> None:
    import django  # noqa: PLC0415 - a fresh process, without apps yet

    django.setup()
    buyers = pickle.loads(pickled)  # noqa: S301 - rows of ours, which want the apps
    shares = [buyers[number::threads] for number in range(threads)]
    running = [Thread(target=_one_thread, args=(share, go, end, bought)) for share in shares]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def _one_thread(share: "list[Buyer]", go: Event, end: Event, bought: "Synchronized[int]") -> None:
    from django.utils.timezone import now  # noqa: PLC0415

    from benchmarks.rows import in_turn  # noqa: PLC0415
    from membership.services.instant import buy_on_bill  # noqa: PLC0415

    for buyer in in_turn(share):
        go.wait()
        if end.is_set():
            return
        buy_on_bill(order=buyer.order(), at=now())
        with bought.get_lock():
            bought.value += 1
