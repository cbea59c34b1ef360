from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from community.models import Member
from tests.factories import NOON, CustomerFactory, RoleFactory


@pytest.fixture
def page(location):
    return reverse("community:home", args=[location.slug])


def words(response):
    return response.content.decode()


def test_a_member_sees_their_balance_and_what_lapses_next(page, mia, add_credits, signed_in):
    add_credits(mia, "8", lapses_at=datetime(2026, 12, 14, 12, tzinfo=UTC))

    with time_machine.travel(NOON):
        response = signed_in(mia.user).get(page)

    assert "Good afternoon, Mia" in words(response)
    assert "Sunday, 22 November" in words(response)
    assert 'data-testid="balance">8</span>' in words(response)
    assert "8 lapse on 14 Dec. They are spent first." in words(response)
    assert "Sold today" not in words(response)


def test_a_suspended_member_reads_that_they_cannot_buy(page, mia, signed_in):
    Member.objects.update(state=Member.State.SUSPENDED)

    response = signed_in(mia.user).get(page)

    assert "Your membership is suspended." in words(response)
    assert ">Buy credits</a>" not in words(response)


def test_an_admin_sees_what_was_sold_since_local_midnight(page, admin, mia, buy, signed_in):
    buy(mia, at=datetime(2026, 11, 21, 22, 59, tzinfo=UTC))  # 23:59 the day before in Berlin
    today = buy(mia, at=datetime(2026, 11, 21, 23, 1, tzinfo=UTC))
    buy(mia, reference="card_declined")

    with time_machine.travel(NOON):
        response = signed_in(admin).get(page)

    sold = response.context["sold"]
    assert (sold.purchases, sold.total_minor) == (1, today.total_minor)
    assert "by card" in words(response)
    assert len(response.context["latest"]) == 2
    assert "Today, 00:01" in words(response)
    assert "21 Nov, 23:59" in words(response)


def test_sales_of_other_locations_are_not_counted(page, admin, mia, buy, signed_in):
    other = RoleFactory().user
    buy(mia)

    with time_machine.travel(NOON):
        response = signed_in(other).get(page)

    assert response.status_code == 403
    assert "Sold today" not in words(response)


def test_an_admin_who_is_a_member_sees_both(page, location, admin, signed_in):
    CustomerFactory(member__location=location, member__user=admin)

    response = signed_in(admin).get(page)

    assert "Sold today" in words(response)
    assert "Your credits" in words(response)


def test_home_asks_no_more_of_the_database_for_more_sales(
    page, admin, mia, buy, signed_in, django_assert_max_num_queries
):
    browser = signed_in(admin)
    for _ in range(3):
        buy(mia)
    with time_machine.travel(NOON + timedelta(hours=1)):
        browser.get(page)
        with django_assert_max_num_queries(12) as few:
            browser.get(page)
        for _ in range(27):
            buy(mia)

        with django_assert_max_num_queries(len(few)):
            response = browser.get(page)

    assert response.context["sold"].purchases == 30
