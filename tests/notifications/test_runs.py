"""Runs of the task that sends news: beside each other, and before a service that hangs."""

from unittest.mock import patch

import pytest
import time_machine

from config.runs import ENOUGH_FAILURES, Run
from notifications.models import Delivery
from notifications.services.delivering import plan_deliveries
from notifications.tasks import send_notifications, send_what_is_owed
from tests.factories import NOON
from tests.racing import errors, race


def send():
    with time_machine.travel(NOON, tick=False):
        return send_notifications()


def test_a_service_that_hangs_ends_the_run(mia, device, news):
    device(mia.user, "hang")
    for number in range(ENOUGH_FAILURES + 1):
        news(mia.user, key=str(number))

    with patch("notifications.services.outside.CALL_SECONDS", 0.05):
        assert send() == ENOUGH_FAILURES

    assert Delivery.objects.filter(state="owed").count() == 1


def test_a_run_ends_after_its_seconds(mia, device, news):
    device(mia.user)
    news(mia.user)

    with patch("config.runs.SECONDS", 0):
        assert send() == 0

    assert Delivery.objects.get().state == "owed"
    assert send() == 1


def test_while_a_run_is_on_no_other_thread_of_its_process_begins_one(mia, device, news):
    device(mia.user)
    news(mia.user)
    news(mia.user, key="2")
    meanwhile = []

    def slowly(*_args, **_when):
        meanwhile.append(send_notifications())
        return True

    with patch("notifications.tasks.deliver", side_effect=slowly):
        assert send() == 2

    assert meanwhile == [0, 0]


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_once(mia, device, news):
    phone = device(mia.user)
    for number in range(40):
        news(mia.user, key=str(number), at=NOON)
    plan_deliveries(at=NOON)

    with time_machine.travel(NOON, tick=False):
        answers = race(mia.location, [lambda: send_what_is_owed(Run())] * 4)

    assert errors(answers) == []
    assert sum(answers) == 40
    assert len(phone.got) == 40
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}
