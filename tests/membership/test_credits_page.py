import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.utils import timezone

from community.models import Member
from credits.models import Entry
from credits.services.options import archive_option
from credits.services.spending import spend_credits
from tests.factories import NOON, ConnectionFactory, CustomerFactory, OptionFactory
from tests.membership.shop import address, words

CREDITS_PAGE_QUERIES = 11
TRANSACTIONS_PAGE_QUERIES = 7


@pytest.fixture
def till(location):
    """The location takes cards."""
    return ConnectionFactory(location=location)


@pytest.fixture
def option(location):
    return OptionFactory(location=location)


def rows_of(response):
    return list(csv.reader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_a_member_sees_what_they_have_and_what_it_costs_to_get_more(
    location, mia, signed_in, add_credits, till, option
):
    add_credits(mia, "7.50")

    page = words(signed_in(mia.user).get(address(location, "credits")))

    assert 'data-testid="balance">7.5<' in page
    assert 'aria-label="Buy 10 credits for €12.00"' in page
    assert "€1.20" in page
    assert "Never lapse" in page
    assert "Prices include 20 % VAT." in page
    assert "+7.5" in page


def test_credits_that_lapse_are_announced_soonest_first(location, mia, signed_in, add_credits):
    add_credits(mia, "4", key="a")
    add_credits(mia, "3", key="b", lapses_at=NOON + timedelta(days=60))
    add_credits(mia, "2", key="c", lapses_at=NOON + timedelta(days=20))

    page = words(signed_in(mia.user).get(address(location, "credits")))

    assert page.index("2 lapse on") < page.index("3 lapse on") < page.index("4 never")


def test_a_new_member_finds_nothing_but_words(location, mia, signed_in):
    page = words(signed_in(mia.user).get(address(location, "credits")))

    assert 'data-testid="balance">0<' in page
    assert "Nothing on sale yet" in page
    assert "No transactions yet" in page


def test_an_archived_option_is_not_shown(location, mia, admin, signed_in, till, option):
    archive_option(option_id=option.pk, by=admin, at=NOON)

    assert "Buy 10 credits" not in words(signed_in(mia.user).get(address(location, "credits")))


def test_without_a_gateway_the_offers_stay_and_say_whom_to_ask(location, mia, signed_in, option):
    page = words(signed_in(mia.user).get(address(location, "credits")))

    assert "Buying is closed for now." in page
    assert "Ask the team of Harbour Loft." in page
    assert "€12.00" in page
    assert "Buy 10 credits for" not in page


def test_a_suspended_member_sees_the_balance_and_no_way_to_buy(
    location, mia, signed_in, add_credits, till, option
):
    add_credits(mia)
    Member.objects.filter(pk=mia.pk).update(state=Member.State.SUSPENDED)

    page = words(signed_in(mia.user).get(address(location, "credits")))

    assert "Your membership is suspended." in page
    assert 'data-testid="balance">10<' in page
    assert "Buy 10 credits for" not in page


def test_a_refusal_is_worded_by_us_and_not_by_the_address(location, mia, signed_in):
    page = signed_in(mia.user)

    assert "no longer on sale" in words(
        page.get(address(location, "credits"), {"refused": "option_not_on_sale"})
    )
    assert 'role="alert"' not in words(page.get(address(location, "credits"), {"refused": "<b>"}))


def test_staff_who_are_no_members_have_no_credits_page(location, staff, signed_in):
    assert signed_in(staff).get(address(location, "credits")).status_code == 403


@pytest.mark.parametrize("movements", [3, 30])
def test_the_credits_page_asks_as_little_for_many_rows_as_for_few(
    location, mia, signed_in, buy, movements, django_assert_num_queries
):
    for _ in range(movements):
        buy(mia)
    browser = signed_in(mia.user)

    with django_assert_num_queries(CREDITS_PAGE_QUERIES):
        browser.get(address(location, "credits"))


@pytest.mark.parametrize("movements", [3, 30])
def test_the_transactions_ask_as_little_for_many_rows_as_for_few(
    location, mia, signed_in, buy, movements, django_assert_num_queries
):
    for _ in range(movements):
        buy(mia)
    browser = signed_in(mia.user)

    with django_assert_num_queries(TRANSACTIONS_PAGE_QUERIES):
        browser.get(address(location, "credit_transactions"))


def test_the_transactions_run_with_their_balance(location, mia, signed_in, buy, add_credits):
    add_credits(mia, "5")
    bought = buy(mia)
    spend_credits(customer=mia.customer, credits=Decimal(4), key="spent", note="Dock Room", at=NOON)

    page = words(signed_in(mia.user).get(address(location, "credit_transactions")))

    assert page.index("Dock Room") < page.index("Bought 10 credits")
    assert "−4" in page
    assert "+10" in page
    assert bought.receipt.number in page


def test_the_filter_chooses_kind_and_month(location, mia, signed_in, add_credits):
    add_credits(mia, "5", key="oct", at=datetime(2026, 10, 31, 12, tzinfo=UTC), note="Welcome")
    add_credits(mia, "6", key="nov", note="Thanks")
    spend_credits(customer=mia.customer, credits=Decimal(1), key="spent", note="Dock Room", at=NOON)
    browser = signed_in(mia.user)

    def shown(**chosen):
        page = words(browser.get(address(location, "credit_transactions"), chosen))
        return [name for name in ("Welcome", "Thanks", "Dock Room") if name in page]

    assert shown(kind="added") == ["Welcome", "Thanks"]
    assert shown(kind="used") == ["Dock Room"]
    assert shown(month="2026-10") == ["Welcome"]
    assert shown(month="2026-11", kind="added") == ["Thanks"]


def test_a_month_begins_at_the_location_s_midnight(location, mia, signed_in, add_credits):
    # 23:30 UTC on 31 October is half past midnight on 1 November in Berlin.
    add_credits(mia, "5", at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC), note="Welcome")
    browser = signed_in(mia.user)

    def found(month):
        return "Welcome" in words(
            browser.get(address(location, "credit_transactions"), {"month": month})
        )

    assert found("2026-11")
    assert not found("2026-10")


def test_a_filter_that_finds_nothing_offers_to_clear_it(location, mia, signed_in, add_credits):
    add_credits(mia)

    page = words(
        signed_in(mia.user).get(address(location, "credit_transactions"), {"kind": "used"})
    )

    assert "No transaction matches" in page
    assert "Clear search" in page


@pytest.mark.parametrize(
    "wrong", [{"month": "November"}, {"month": "0000-00"}, {"month": "9999-12"}, {"kind": "all"}]
)
def test_a_filter_that_makes_no_sense_is_left_out_and_said(
    location, mia, signed_in, add_credits, wrong
):
    add_credits(mia, note="Welcome")

    response = signed_in(mia.user).get(address(location, "credit_transactions"), wrong)

    assert response.status_code == 200
    if wrong != {"month": "9999-12"}:
        assert "Welcome" in words(response)
        assert "field-error" in words(response)


def test_the_csv_is_what_the_filter_shows_in_the_location_s_time(
    location, mia, signed_in, add_credits
):
    add_credits(mia, "5", note="Welcome")
    spend_credits(customer=mia.customer, credits=Decimal(1), key="s", at=NOON)

    response = signed_in(mia.user).get(
        address(location, "credit_transactions_csv"), {"kind": "added"}
    )

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    header, *rows = rows_of(response)
    assert header == ["Date", "What", "Note", "Credits", "Balance"]
    assert rows == [["2026-11-22 13:00+01:00", "Given", "Welcome", "5.00", "5.00"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r=", "＝"])
def test_a_note_never_runs_as_a_formula_in_a_spreadsheet(
    location, mia, signed_in, add_credits, start
):
    add_credits(mia, note=f"{start}HYPERLINK(1)")

    [_header, row] = rows_of(signed_in(mia.user).get(address(location, "credit_transactions_csv")))

    assert row[2].startswith("'")


def test_the_csv_holds_the_member_s_own_movements_only(location, mia, signed_in, add_credits):
    other = CustomerFactory(member__location=location).member
    add_credits(other, note="Not for Mia")

    assert len(rows_of(signed_in(mia.user).get(address(location, "credit_transactions_csv")))) == 1


def test_the_answer_leaves_no_time_zone_behind(location, mia, signed_in):
    signed_in(mia.user).get(address(location, "credits"))

    assert timezone.get_current_timezone_name() == "UTC"
    assert Entry.objects.count() == 0
