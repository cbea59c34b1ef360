"""Handing work to the broker from a request, which must not wait for it."""

from typing import Any

import structlog
from celery import Task
from kombu.exceptions import OperationalError

from config.resting import Rest

log = structlog.get_logger(__name__)
rest = Rest(seconds=10)


def send_soon(task: "Task[Any, Any]", **facts: Any) -> None:
    """Have a worker do at once what a sweeper would find later. Without a broker that one does.

    A broker that hangs takes the time-out of its socket once in a while, not of every request.
    """
    if rest.is_on:
        return
    try:
        task.delay(**facts)
    except OperationalError:
        rest.begin()
        log.warning("broker_unreachable", task=task.name)
