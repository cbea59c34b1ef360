"""Kill the worker and Valkey in the middle of 1,000 webhooks: each endpoint gets each one.

Brings servers of its own and software on this machine that is called. Credits are given 200 times
at a location with five endpoints; in the middle worker, beat and Valkey are killed at once and
started again. What was being sent then is sent anew when the claims of the dead worker lapse, two
minutes later, so a few messages come twice, under their id. After `make test`:

    .venv/bin/python -m drills.webhooks

Prints one line of JSON. It fails if an endpoint lacks a message, or if more came twice than could
be under way.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from drills.pushes import celery, servers, until
from stack.places import Places
from stack.valkey import valkey
from tests.api.receiver import SECRET, receiving

ENDPOINTS, EVENTS = 5, 200


def main() -> None:
    with servers("webhooks") as (places, sockets), ExitStack() as stack:
        receivers = [stack.enter_context(receiving()) for _number in range(ENDPOINTS)]
        report = drill(places, sockets, receivers)
    sys.stdout.write(json.dumps({"drill": "webhooks", **report}) + "\n")


def drill(places: Places, sockets: Path, receivers: list[Any]) -> dict[str, Any]:
    happen(receivers)
    with (
        valkey(places, sockets=sockets, durable=True) as broker,
        celery("worker") as worker,
        celery("beat") as beat,
    ):
        until(lambda: received(receivers) > ENDPOINTS * EVENTS // 4)
        for process in (worker, beat):
            os.killpg(process.pid, signal.SIGKILL)
        broker.kill()
        at_the_kill, killed_at = received(receivers), time.monotonic()
    with valkey(places, sockets=sockets, durable=True), celery("worker"), celery("beat"):
        until(lambda: waiting() == 0)
    return {
        "messages": ENDPOINTS * EVENTS,
        "received_at_the_kill": at_the_kill,
        "all_received_after_s": round(time.monotonic() - killed_at),
        **verdict(receivers),
    }


def happen(receivers: list[Any]) -> None:
    """Give credits to a member, as often as there are to be messages to each endpoint."""
    from django.utils.timezone import now  # noqa: PLC0415 - once there are settings
    from django_scopes import scope  # noqa: PLC0415

    from community.models import Location, User  # noqa: PLC0415
    from credits.models import Entry  # noqa: PLC0415
    from credits.services.granting import grant_credits  # noqa: PLC0415
    from membership.services.joining import add_member  # noqa: PLC0415
    from notifications.services.endpoints import add_endpoint  # noqa: PLC0415

    place = Location.objects.create(name="Harbour Loft", slug="harbour", currency="EUR")
    with scope(location=place):
        user = User.objects.create_user(email="mia@h.test", name="Mia")
        member = add_member(location=place, user=user, at=now())
        for receiver in receivers:
            add_endpoint(
                location=place,
                url=receiver.url,
                events=["credits.added"],
                secret=SECRET,
                by=user,
                at=now(),
            )
        for number in range(EVENTS):
            grant_credits(
                customer=member.customer,
                credits=Decimal(1),
                reason=Entry.Reason.GIVEN,
                key=f"given:{number}",
                at=now(),
            )


def verdict(receivers: list[Any]) -> dict[str, Any]:
    ids = [Counter(headers["webhook-id"] for headers, _body in it.calls) for it in receivers]
    twice = sum(sum(came.values()) - len(came) for came in ids)
    lost = ENDPOINTS * EVENTS - sum(len(came) for came in ids)
    assert lost == 0, f"{lost} messages did not come"
    assert twice <= ENDPOINTS, "an endpoint is called by one worker at a time"
    return {"received": received(receivers), "lost": lost, "twice": twice}


def received(receivers: list[Any]) -> int:
    return sum(len(receiver.calls) for receiver in receivers)


def waiting() -> int:
    from django_scopes import scopes_disabled  # noqa: PLC0415

    from notifications.models import WebhookDelivery, WebhookEvent  # noqa: PLC0415

    with scopes_disabled():
        unplanned = WebhookEvent.objects.filter(planned_at=None).count()
        return unplanned + WebhookDelivery.objects.filter(state="owed").count()


if __name__ == "__main__":
    main()
