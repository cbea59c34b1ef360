from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now

from notifications.models import Notification
from notifications.services import notify
from tests.factories import NOON, LocationFactory, company_of


@pytest.fixture
def tell(location):
    def notification(user, *, at=NOON, key="1", place=location, **facts):
        with transaction.atomic():
            notify(
                location=place,
                user_ids=[user.pk],
                kind=facts.pop("kind", Notification.Kind.CREDITS_ADDED),
                facts={"credits": "10.00", "balance": "52.00"} | facts,
                key=key,
                at=at,
            )

    return notification


def address(location, name):
    return reverse(f"notifications:{name}", args=[location.slug])


def words(response):
    return response.content.decode()


def test_a_purchase_is_told_with_a_way_to_it(location, mia, buy, signed_in):
    bought = buy(mia)

    with time_machine.travel(NOON + timedelta(minutes=32)):
        response = signed_in(mia.user).get(address(location, "menu"))

    assert "10 credits added" in words(response)
    assert "Balance 10 · Today, 13:00" in words(response)
    assert reverse("membership:purchase", args=[location.slug, bought.key]) in words(response)
    assert "All notifications" in words(response)


def test_lapsed_credits_are_told(location, mia, tell, signed_in):
    tell(mia.user, kind=Notification.Kind.CREDITS_LAPSED)

    assert "10 credits lapsed" in words(signed_in(mia.user).get(address(location, "menu")))


@pytest.mark.parametrize("kind", ["added", "given", "deducted", "lapsed", "plan"])
def test_credits_of_a_company_lead_to_its_own(location, mia, tell, signed_in, kind):
    kind = f"credits_{kind}" if kind != "plan" else "plan_credits"
    company = company_of(mia, name="Studio North")
    mia.user.notifications.update(kind=Notification.Kind.MEMBER_REACTIVATED)
    tell(mia.user, kind=kind, company="Studio North", company_id=company.pk, plan="Flex")
    tell(mia.user, kind=kind, key="2", company="", company_id=None, plan="Flex")

    said = words(signed_in(mia.user).get(address(location, "menu")))

    theirs = reverse("membership:company_credits", args=[location.slug, company.pk])
    hers = reverse("membership:credits", args=[location.slug])
    assert (said.count(f'href="{theirs}"'), said.count(f'href="{hers}"')) == (1, 1)
    assert "Studio North" in said


def test_the_menu_is_a_fragment_of_the_latest_eight(location, mia, tell, signed_in):
    for number in range(10):
        tell(mia.user, key=str(number), credits=f"{number + 1}.00")

    response = signed_in(mia.user).get(address(location, "menu"))

    assert "<html" not in words(response)
    assert words(response).count("<li") == 8
    assert "2 credits added" not in words(response)


def test_opening_the_menu_lets_the_count_go_away(location, mia, tell, signed_in):
    tell(mia.user)
    browser = signed_in(mia.user)

    menu = browser.get(address(location, "menu"))
    answer = browser.post(address(location, "read"), headers={"hx-request": "true"})
    later = browser.get(address(location, "list"))

    assert f'hx-post="{address(location, "read")}"' in words(menu)
    assert 'id="unread-count" hx-swap-oob="true"' in words(answer)
    assert "bell-count" not in words(later)
    assert Notification.objects.get().read_at <= now()


def test_a_menu_without_news_marks_nothing(location, mia, signed_in):
    response = signed_in(mia.user).get(address(location, "menu"))

    assert "Nothing yet." in words(response)
    assert "hx-post" not in words(response)


def test_the_list_shows_what_is_new_and_marks_it_read_on_request(location, mia, tell, signed_in):
    tell(mia.user)
    browser = signed_in(mia.user)

    before = browser.get(address(location, "list"))
    answer = browser.post(address(location, "read"))
    after = browser.get(answer.url)

    assert 'data-count="1"' in words(before)
    assert "Mark all as read" in words(before)
    assert ">New</span>" in words(before)
    assert "Mark all as read" not in words(after)
    assert ">New</span>" not in words(after)


def test_reading_touches_nobody_elses(location, mia, outsider, tell, signed_in):
    elsewhere = LocationFactory()
    tell(outsider)
    tell(mia.user, key="elsewhere", place=elsewhere)

    signed_in(mia.user).post(address(location, "read"))

    assert not Notification.objects.exclude(read_at=None).exists()


def test_the_list_has_pages(location, mia, tell, signed_in):
    for number in range(26):
        tell(mia.user, key=str(number))

    response = signed_in(mia.user).get(address(location, "list"), {"page": "2"})

    assert "26–26 of 26" in words(response)


def test_an_empty_list_says_so(location, mia, signed_in):
    assert "No notifications yet" in words(signed_in(mia.user).get(address(location, "list")))


def test_credits_that_nobody_bought_lead_to_the_balance(location, mia, tell, signed_in):
    tell(mia.user)

    response = signed_in(mia.user).get(address(location, "list"))

    assert f'px-0!" href="/{location.slug}/membership/credits/"' in words(response)


def test_times_are_the_locations(location, mia, tell, signed_in):
    tell(mia.user, at=NOON.replace(hour=23, minute=30))  # half past midnight in Berlin

    with time_machine.travel(NOON.replace(day=24)):
        response = signed_in(mia.user).get(address(location, "list"))

    assert "23 Nov, 00:30" in words(response)


@pytest.mark.parametrize("name", ["menu", "list"])
def test_outsiders_read_nothing(location, outsider, signed_in, name):
    assert signed_in(outsider).get(address(location, name)).status_code == 403


@pytest.mark.parametrize("name", ["menu", "list"])
def test_more_notifications_ask_no_more_of_the_database(
    location, mia, tell, signed_in, django_assert_max_num_queries, name
):
    browser = signed_in(mia.user)
    for number in range(3):
        tell(mia.user, key=str(number))
    browser.get(address(location, name))
    with django_assert_max_num_queries(10) as few:
        browser.get(address(location, name))
    for number in range(30):
        tell(mia.user, key=f"more {number}")

    with django_assert_max_num_queries(len(few)):
        browser.get(address(location, name))
