"""Kill the worker and Valkey in the middle of 1,000 pushes: each device gets each one once.

Brings servers of its own and a push service on this machine, which checks every signature and
decrypts every push. First a thousand without trouble, for the pace of one worker; then one by one,
for the seconds from a payment's commit to its push; then a thousand more, in whose middle worker,
beat and Valkey are killed at once and started again. After `make test`, which builds what it needs:

    .venv/bin/python -m drills.pushes

Prints one line of JSON. It fails if a device got anything twice, or if a delivery is neither sent
nor given up with its reason.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import django

from stack import environment
from stack.places import AS_ROOT, CHECKOUT, Places, make_places
from stack.ports import DEFAULT
from stack.postgres import postgres
from stack.servers import socket_home
from stack.valkey import valkey
from tests.notifications.receiver import Browser, PushService, push_service

DEVICES, PUSHES = 50, 1000
ALONE = 20
PATIENCE_SECONDS = 300
NUMBERS = count(1)
BIN = Path(sys.executable).parent


def main() -> None:
    with servers("pushes") as (places, sockets), push_service() as service:
        report = drill(places, sockets, service)
    sys.stdout.write(json.dumps({"drill": "pushes", **report}) + "\n")


@contextmanager
def servers(name: str) -> Iterator[tuple[Places, Path]]:
    """A database of its own, and Django set up on it with the tables made."""
    folder = Path(tempfile.mkdtemp(prefix=f"deskmint-{name}-"))
    folder.chmod(0o711 if AS_ROOT else 0o700)
    places = make_places(asked=folder, data=folder)
    with socket_home(places) as sockets, postgres(places, sockets=sockets, durable=True):
        os.environ.update(
            environment.application(places, port=DEFAULT)
            | {
                "DATABASE_URL": environment.database_url(sockets),
                "REDIS_URL": environment.redis_url(sockets),
                "CALL_LOOPBACK": "1",
                "DJANGO_SETTINGS_MODULE": "config.settings",
            }
        )
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 - once there are settings

        call_command("migrate", "--no-input", verbosity=0)
        yield places, sockets


def drill(places: Places, sockets: Path, service: PushService) -> dict[str, Any]:
    people = members_with_devices(service)
    with valkey(places, sockets=sockets, durable=True), celery("worker"), celery("beat"):
        pace = pace_of_a_worker(people)
        seconds = seconds_to_a_push(people)
    with (
        valkey(places, sockets=sockets, durable=True) as broker,
        celery("worker") as worker,
        celery("beat") as beat,
    ):
        before = received(people)
        tell(people, PUSHES // DEVICES, name="killed")
        until(lambda: received(people) > before + PUSHES // 4)
        for process in (worker, beat):
            os.killpg(process.pid, signal.SIGKILL)
        broker.kill()
        at_the_kill = received(people) - before
    give_up_the_dead()
    with valkey(places, sockets=sockets, durable=True), celery("worker"), celery("beat"):
        until(lambda: waiting() == 0)
    return {
        "deliveries": PUSHES,
        "per_second": pace,
        "seconds_to_push": seconds,
        "received_at_the_kill": at_the_kill,
        **verdict(people),
    }


def members_with_devices(service: PushService) -> list[tuple[Any, Browser]]:
    from django.utils.timezone import now  # noqa: PLC0415
    from django_scopes import scope  # noqa: PLC0415

    from community.models import Location, User  # noqa: PLC0415
    from membership.services.joining import add_member  # noqa: PLC0415
    from notifications.services.devices import keep_device  # noqa: PLC0415
    from tests.notifications.conftest import sign_in  # noqa: PLC0415

    place = Location.objects.create(name="Harbour Loft", slug="harbour", currency="EUR")
    people = []
    with scope(location=place):
        for number in range(DEVICES):
            user = User.objects.create_user(email=f"m{number}@h.test", name=f"M {number}")
            add_member(location=place, user=user, at=now())
            browser = service.browser(f"device-{number}x")  # type: ignore[no-untyped-call]
            keep_device(
                user=user,
                endpoint=browser.endpoint,
                session_key=sign_in(user),  # type: ignore[no-untyped-call]
                browser="drill",
                at=now(),
                **browser.keys,
            )
            people.append((user, browser))
    return people


def tell(people: list[tuple[Any, Browser]], number: int, *, name: str) -> None:
    """Commit so many pieces of news for everybody, as payments do."""
    from django.db import transaction  # noqa: PLC0415
    from django.utils.timezone import now  # noqa: PLC0415

    from community.models import Location  # noqa: PLC0415
    from notifications.models import Notification  # noqa: PLC0415
    from notifications.services import notify  # noqa: PLC0415

    place = Location.objects.get()
    for which in range(number):
        with transaction.atomic():
            notify(
                location=place,
                user_ids=[user.pk for user, _browser in people],
                kind=Notification.Kind.CREDITS_ADDED,
                facts={"credits": str(next(NUMBERS)), "balance": "52.00"},
                key=f"{name}:{which}",
                at=now(),
            )


def pace_of_a_worker(people: list[tuple[Any, Browser]]) -> float:
    tell(people, PUSHES // DEVICES, name="pace")
    until(lambda: received(people) > 0)
    began, first = time.monotonic(), received(people)
    until(lambda: received(people) == PUSHES)
    return round((PUSHES - first) / (time.monotonic() - began), 1)


def seconds_to_a_push(people: list[tuple[Any, Browser]]) -> dict[str, float]:
    took = []
    for number in range(ALONE):
        before = received(people)
        time.sleep(number * 0.731 % 3)  # at another moment of the beat each time
        tell(people[:1], 1, name=f"alone {number}")
        committed = time.monotonic()
        until(lambda before=before: received(people) > before, pause=0.005)  # type: ignore[misc]
        took.append(time.monotonic() - committed)
    return {"mean": round(sum(took) / ALONE, 2), "most": round(max(took), 2)}


def give_up_the_dead() -> None:
    """What the sweeper does ten minutes later."""
    from django.utils.timezone import now  # noqa: PLC0415

    from notifications.services.delivering import (  # noqa: PLC0415
        ABANDONED_AFTER,
        give_up_what_was_abandoned,
    )

    give_up_what_was_abandoned(at=now() + ABANDONED_AFTER + timedelta(seconds=1))


def verdict(people: list[tuple[Any, Browser]]) -> dict[str, Any]:
    from django_scopes import scopes_disabled  # noqa: PLC0415

    from notifications.models import Delivery  # noqa: PLC0415

    with scopes_disabled():
        ends = Counter(Delivery.objects.values_list("state", "reason"))
        given_up = Delivery.objects.filter(state="failed").count()
        all_of_them = Delivery.objects.count()
    titles = [[said["title"] for said in browser.got] for _user, browser in people]
    twice = sum(len(got) - len(set(got)) for got in titles)  # no two pieces of news are alike
    # A push that came while its worker died is given up, too: it came, and nobody knew.
    assert twice == 0, "a device got something twice"
    assert set(ends) <= {("sent", ""), ("failed", "unknown")}, ends
    assert all_of_them - given_up <= received(people) <= all_of_them
    return {"received": received(people), "twice": twice, "given_up": given_up}


def received(people: list[tuple[Any, Browser]]) -> int:
    return sum(len(browser.got) for _user, browser in people)


def waiting() -> int:
    from django_scopes import scopes_disabled  # noqa: PLC0415

    from notifications.models import Delivery, Notification  # noqa: PLC0415

    with scopes_disabled():
        unplanned = Notification.objects.filter(planned_at=None).count()
        return unplanned + Delivery.objects.filter(state__in=["owed", "sending"]).count()


def until(happened: Callable[[], bool], *, pause: float = 0.02) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > end:
            sys.exit("it did not happen in time")
        time.sleep(pause)


@contextmanager
def celery(what: str) -> Iterator[subprocess.Popen[bytes]]:
    options = {
        "worker": ["--pool", "threads", "--concurrency", "4", "--without-mingle"],
        "beat": ["--schedule", f"{os.environ['DATA_DIR']}/beat", "--pidfile="],
    }[what]
    process = subprocess.Popen(  # noqa: S603 - all ours
        [str(BIN / "celery"), "--app", "config", what, *options],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    main()
