"""Who asks "where are my 2 credits?" finds them beside the balance, with what holds them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.timezone import now

from credits.services.granting import grant_credits
from credits.services.holding import hold_credits, release_hold
from membership.services.companies import put_in_company
from tests.factories import CompanyFactory
from tests.membership.shop import address, words
from tests.membership.test_credits_page import CREDITS_PAGE_QUERIES

MANY = 30
STAFF_QUERIES = 10


def hold(customer, key="k", credits="2", **facts):
    facts = {"note": "Quay room", "reference": "B-1001"} | facts
    until = facts.pop("until", timedelta(days=2))
    return hold_credits(
        customer=customer,
        credits=Decimal(credits),
        key=key,
        expires_at=now() + until,
        at=now(),
        **facts,
    )


def pages_of(location, browser, member):
    about = [location.slug, member.pk]
    return {
        name: words(browser.get(reverse(f"community:{name}", args=about)))
        for name in ("member", "member_credits")
    }


def test_a_member_sees_what_is_held_and_for_what(location, mia, signed_in, add_credits):
    add_credits(mia, "10")
    kept = hold(mia.customer)
    gone = hold(mia.customer, "gone", note="Lobby")
    release_hold(hold=gone, at=now())
    browser = signed_in(mia.user)

    page = words(browser.get(address(location, "credits")))
    home = words(browser.get(reverse("community:home", args=[location.slug])))

    assert 'data-testid="balance">10<' in page
    assert "8 available, 2 held" in page
    assert "8 available, 2 held" in home
    for told in ("Held credits", "Quay room", "B-1001"):
        assert told in page
    assert "Lobby" not in page
    release_hold(hold=kept, at=now())
    assert "Held credits" not in words(browser.get(address(location, "credits")))


def test_staff_see_it_on_the_members_pages(location, mia, staff, signed_in, add_credits):
    add_credits(mia, "10")
    hold(mia.customer)

    pages = pages_of(location, signed_in(staff), mia)

    assert "8 available, 2 held" in pages["member"]
    assert "8 available, 2 held" in pages["member_credits"]
    assert "Quay room" in pages["member_credits"]


def test_what_a_company_holds_is_its_managers_to_read(location, mia, signed_in):
    company = CompanyFactory(location=location)
    put_in_company(company=company, member=mia, by=None, at=now())
    grant_credits(customer=company.customer, credits=Decimal(10), reason="given", key="g", at=now())
    hold(company.customer)

    page = words(signed_in(mia.user).get(address(location, "company_credits", company.pk)))

    assert "8 available, 2 held" in page
    assert "Quay room" not in page


@pytest.mark.parametrize("count", [1, MANY])
def test_the_pages_ask_once_for_what_is_held_however_much(
    location, mia, admin, client, add_credits, count, django_assert_num_queries
):
    add_credits(mia, "100")
    for number in range(count):
        hold(mia.customer, f"k{number}", "1", until=timedelta(hours=1 + number))
    for user, path, queries in (
        (mia.user, address(location, "credits"), CREDITS_PAGE_QUERIES + 1),
        (admin, reverse("community:member_credits", args=[location.slug, mia.pk]), STAFF_QUERIES),
    ):
        client.force_login(user)
        client.get(path)
        with django_assert_num_queries(queries):
            page = words(client.get(path))
        assert page.count("Quay room") == min(count, 25)
        assert ("there are more" in page) == (count > 25)
