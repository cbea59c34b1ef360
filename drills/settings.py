"""The application's settings under drill: its clocks run faster, and a control lacks a guard."""

import os

from config.settings import *  # noqa: F403
from config.settings import (
    CACHES,
    CELERY_BEAT_SCHEDULE,
    CELERY_BROKER_TRANSPORT_OPTIONS,
    DATABASES,
    INSTALLED_APPS,
)
from drills import guards

WITHOUT = os.environ["DRILL_WITHOUT"]  # the guard that a control takes out

INSTALLED_APPS = [*INSTALLED_APPS, "drills.inside.Inside"]
LOOK_EVERY_SECONDS = 3
CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": LOOK_EVERY_SECONDS}
    if str(entry["task"]).endswith(guards.SWEEPING)
    else entry
    for name, entry in CELERY_BEAT_SCHEDULE.items()
    if not (WITHOUT in guards.WITHOUT_SWEEPS and str(entry["task"]).endswith(guards.SWEEPING))
}
if WITHOUT == guards.LATE_ACKNOWLEDGEMENT:
    CELERY_TASK_ACKS_LATE = False
if WITHOUT == guards.SYNCHRONOUS_COMMIT:
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
if WITHOUT == guards.BROKER_TIME_OUTS:
    for name in ("socket_timeout", "socket_connect_timeout"):
        del CELERY_BROKER_TRANSPORT_OPTIONS[name]
        del CACHES["default"]["OPTIONS"][name]
