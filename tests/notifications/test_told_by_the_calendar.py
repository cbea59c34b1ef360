"""What nobody does but time: credits that lapse soon, low balances, bills that are due."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection

from billing.services import issue_bill
from billing.tasks import tell_of_bills
from credits.services.spending import spend_credits
from credits.tasks import warn_of_credits
from membership.services.bill_payment import mark_bill_paid
from notifications.models import Notification
from notifications.services import choose_low_balance
from tests.factories import NOON, RoleFactory
from tests.membership.office import Office
from tests.membership.tab import plan_with_bill, received

DAY = timedelta(days=1)


def run(task, at):
    with time_machine.travel(at, tick=False):
        task()


def told(kind):
    return [it.facts for it in Notification.objects.filter(kind=kind).order_by("pk")]


def test_lapsing_is_told_a_week_and_a_day_before_each_once(location, mia, add_credits):
    lapses = NOON + 30 * DAY
    add_credits(mia, "6", key="a", lapses_at=lapses)
    add_credits(mia, "4", key="b", lapses_at=lapses)
    add_credits(mia, "9", key="c")

    numbers = []
    for days in (22, 23.5, 24, 29, 29.5, 29.9, 31):
        run(warn_of_credits, NOON + days * DAY)
        numbers.append(len(told("credits_lapsing")))

    assert numbers == [0, 1, 1, 2, 2, 2, 2]
    assert told("credits_lapsing")[0] == {
        "credits": "10.00",
        "balance": "19.00",
        "last_day": "2026-12-22",
        "company": "",
        "company_id": None,
    }


def test_credits_with_a_short_life_are_told_of_a_day_before(location, mia, add_credits):
    add_credits(mia, "6", lapses_at=NOON + 3 * DAY)

    for days in (0.1, 1, 2.5):
        run(warn_of_credits, NOON + days * DAY)

    assert len(told("credits_lapsing")) == 1


def test_a_low_balance_is_told_each_time_it_gets_there(location, mia, add_credits):
    add_credits(mia, "10")
    choose_low_balance(customer=mia.customer, below=Decimal(5))
    run(warn_of_credits, NOON)
    assert told("balance_low") == []

    for number in range(2):
        spend_credits(customer=mia.customer, credits=Decimal(8), key=f"{number}", at=NOON)
        for _again in range(2):
            run(warn_of_credits, NOON)
        assert len(told("balance_low")) == number + 1
        add_credits(mia, "8", key=f"more:{number}")
        run(warn_of_credits, NOON)

    assert told("balance_low")[0] == {"balance": "2.00", "below": "5.00"}


@pytest.fixture
def bill(location, mia):
    """Mia's issued bill over €72.00, due on 6 Dec."""
    return issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)


def test_a_bill_is_told_when_issued_due_and_overdue_each_once(location, bill):
    (issued,) = told("bill_issued")
    assert (issued["number"], issued["amount_minor"]) == (bill.number, 7200)

    numbers = []
    for days in (1, 10, 11, 13, 14, 15, 16):
        run(tell_of_bills, NOON + days * DAY)
        numbers.append((len(told("bill_due")), len(told("bill_overdue"))))

    assert numbers == [(0, 0), (0, 0), (1, 0), (1, 0), (1, 0), (1, 1), (1, 1)]


def test_a_paid_bill_is_told_of_no_more(location, bill, admin):
    mark_bill_paid(bill_id=bill.pk, received=received(paid_on=NOON.date()), by=admin, at=NOON)

    run(tell_of_bills, NOON + 16 * DAY)

    assert (told("bill_due"), told("bill_overdue"), told("bills_overdue")) == ([], [], [])


def test_managers_hear_of_their_companys_bill_and_other_members_do_not(location):
    office = Office(location)

    issue_bill(bill_id=plan_with_bill(office.customer).pk, at=NOON)

    receivers = Notification.objects.filter(kind="bill_issued").values_list("user", flat=True)
    assert list(receivers) == [office.carl.user_id]


def test_admins_read_once_each_morning_what_is_overdue(location, bill):
    admins = [RoleFactory(location=location).user for _number in range(2)]
    RoleFactory(location=location, kind="staff")
    late = NOON.replace(hour=6) + 16 * DAY  # 7 in Berlin

    run(tell_of_bills, late)
    assert told("bills_overdue") == []
    for hours in (2, 5, 26):
        run(tell_of_bills, late + timedelta(hours=hours))

    digests = Notification.objects.filter(kind="bills_overdue")
    assert set(digests.values_list("user", flat=True)) == {admin.pk for admin in admins}
    assert digests.count() == 4
    assert told("bills_overdue")[0] == {"number": 1, "amount_minor": 7200, "currency": "EUR"}


def test_what_is_told_by_the_calendar_is_found_by_its_own_index(location, bill):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM notifications_notification n"
            " WHERE n.kind IN ('bill_due', 'bill_overdue') AND n.key = 'bill_due:' || 1"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "notification_by_calendar" in plan
