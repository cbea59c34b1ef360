"""What asks for a person is told to the log and the admins: once, until it is over."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from django_scopes import scope
from structlog.testing import capture_logs

from membership.services.paying import pay_charge
from notifications.models import Notification
from notifications.services import notify
from payments.models import Alarm, GatewayConnection, GatewayEvent, ReviewCase, Transaction
from payments.services.events import NO_ROW
from payments.services.health import note_refused_event
from payments.services.reviewing import open_mismatch
from payments.tasks import watch_payments
from tests.factories import CardFactory, RoleFactory, pending_purchase


@pytest.fixture
def card(db, fake_gateway):
    card = CardFactory(reference="card_lost_answer")
    with scope(location=card.location):
        yield card


@pytest.fixture
def admin(card):
    RoleFactory(location=card.location, kind="staff")
    return RoleFactory(location=card.location, kind="admin").user


def ago(minutes):
    return now() - timedelta(minutes=minutes)


def leave_pending(card, minutes, asked=None):
    charge = pending_purchase(card=card, at=ago(minutes)).charge
    pay_charge(charge=charge, at=ago(minutes))
    Transaction.objects.update(asked_at=asked)
    return charge


def event(card, minutes, **facts):
    GatewayEvent.objects.create(
        location=card.location,
        connection=card.connection,
        reference="evt_1",
        kind="x",
        payload={},
        received_at=ago(minutes),
        **facts,
    )


def refuse(card, times, minutes):
    for _ in range(times):
        note_refused_event(connection=card.connection, at=ago(minutes))


def review(card):
    ReviewCase.objects.create(
        location=card.location,
        charge=pending_purchase(card=card, at=now()).charge,
        reason="mismatch",
        expected={"currency": "EUR"},
        reported={"currency": "USD"},
        noticed_at=now(),
    )


def set_clock(seconds):
    GatewayConnection.objects.update(clock_offset_seconds=seconds)


ALARMS = {
    "pending": lambda card: leave_pending(card, 31, asked=now()),
    "unasked": lambda card: leave_pending(card, 11),
    "events": lambda card: event(card, 16),
    "signatures": lambda card: refuse(card, 4, 9),
    "mismatch": review,
    "no_row": lambda card: event(card, 11, processed_at=ago(1), error=NO_ROW),
    "clock": lambda _card: set_clock(-61),
}
TOLD_BY_ITS_CASE = "mismatch"
NO_ALARMS = {
    "pending": lambda card: leave_pending(card, 29, asked=now()),
    "unasked": lambda card: leave_pending(card, 11, asked=ago(9)),
    "events": lambda card: event(card, 14),
    "signatures": lambda card: (refuse(card, 3, 25), refuse(card, 3, 2)),
    "no_row": lambda card: event(card, 26 * 60, processed_at=now(), error=NO_ROW),
    "clock": lambda _card: set_clock(60),
}


def test_every_condition_is_tried():
    assert set(ALARMS) == set(Alarm.Condition.values)


@pytest.mark.parametrize("condition", ALARMS)
def test_what_asks_for_a_person_is_told_once(card, admin, condition):
    ALARMS[condition](card)

    with capture_logs() as log:
        watch_payments()
        watch_payments()

    [alarm] = Alarm.objects.all()
    assert (alarm.condition, alarm.cleared_at) == (condition, None)
    told = Notification.objects.filter(kind="payment_alarm").values_list("user", "facts")
    once = [] if condition == TOLD_BY_ITS_CASE else [(admin.pk, {"condition": condition})]
    assert list(told) == once
    [line] = [it for it in log if it["event"] == "alarm_raised"]
    assert (line["log_level"], line["condition"]) == ("error", condition)


@pytest.mark.parametrize("condition", NO_ALARMS)
def test_what_is_not_long_enough_or_not_wrong_enough_is_no_alarm(card, condition):
    NO_ALARMS[condition](card)

    watch_payments()

    assert not Alarm.objects.exists()


def test_what_is_over_is_cleared_and_told_anew_the_next_time(card, admin):
    set_clock(90)
    watch_payments()
    set_clock(0)
    watch_payments()
    assert Alarm.objects.get().cleared_at

    set_clock(90)
    watch_payments()

    assert Alarm.objects.count() == Notification.objects.filter(kind="payment_alarm").count() == 2


def test_an_alarm_is_told_to_the_location_s_own_admins(card, admin):
    elsewhere = RoleFactory(kind="admin")
    set_clock(90)

    watch_payments()

    told = Notification.objects.filter(kind="payment_alarm").values_list("user", flat=True)
    assert list(told) == [admin.pk]
    with scope(location=elsewhere.location):
        assert not Alarm.objects.exists()


def test_money_that_was_not_asked_for_is_told_once(card, admin):
    open_mismatch(
        charge_id=pending_purchase(card=card, at=now()).charge_id,
        location_id=card.location_id,
        expected={"currency": "EUR"},
        reported={"currency": "USD"},
        at=now(),
    )

    watch_payments()

    assert Alarm.objects.get().condition == TOLD_BY_ITS_CASE
    assert [it.kind for it in Notification.objects.filter(user=admin)] == ["review_needed"]


@pytest.mark.parametrize("condition", [it for it in ALARMS if it != TOLD_BY_ITS_CASE])
def test_the_bell_says_what_it_is(client, card, admin, condition):
    ALARMS[condition](card)
    watch_payments()
    client.force_login(admin)

    page = client.get(f"/{card.location.slug}/notifications/").content.decode()

    assert f"/{card.location.slug}/settings/stripe/" in page


def test_a_notice_from_before_cases_told_it_still_says_what_it_is(client, card, admin):
    notify(
        location=card.location,
        user_ids=[admin.pk],
        kind=Notification.Kind.PAYMENT_ALARM,
        facts={"condition": TOLD_BY_ITS_CASE},
        key="alarm:1",
        at=now(),
    )
    client.force_login(admin)

    page = client.get(f"/{card.location.slug}/notifications/").content.decode()

    assert "Money came that is not what was asked for" in page
