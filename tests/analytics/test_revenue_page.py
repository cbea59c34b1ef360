import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from openpyxl import load_workbook

from analytics.models import Source
from analytics.services import record_revenue
from community.money import format_money
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin, signed_in):
    with time_machine.travel(NOON):
        yield signed_in(admin)


@pytest.fixture
def earn(location):
    keys = iter(range(10_000))

    @transaction.atomic
    def record(net, *, at=NOON, source=Source.CREDITS, method="stripe", label="10 credits", key=""):
        record_revenue(
            location=location,
            source=source,
            method=method,
            label=label,
            net_minor=net,
            key=key or f"sale:{next(keys)}",
            at=at,
        )

    return record


@pytest.fixture
def revenue(browser, location):
    def fetch(**query):
        response = browser.get(reverse("analytics:revenue", args=[location.slug]), query)
        assert response.status_code == 200
        return response

    return fetch


@pytest.fixture
def download(browser, location):
    def fetch(name, *address, **query):
        url = reverse(f"analytics:{name}", args=[location.slug, *address])
        return b"".join(browser.get(url, query).streaming_content)

    return fetch


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def months_of(response):
    return [row.month.isoformat()[:7] for row in response.context["rows"]]


def test_it_shows_the_last_twelve_months_and_says_what_counts(revenue, earn):
    earn(123_456)
    earn(-23_456, label="5 credits")

    response = revenue()

    assert months_of(response)[::11] == ["2026-11", "2025-12"]
    text = response.content.decode()
    assert "Net sales by date of sale, not cash received. Months in Europe/Berlin." in text
    assert text.count("€1,000.00") >= 4  # total, legend, month, foot
    chart = response.context["chart"]
    assert chart["series"][0]["words"][-1] == chart["total"]["words"][-1] == "€1,000.00"
    assert json.dumps(chart["series"][0]["values"]) == json.dumps([0] * 11 + [100_000])


def test_any_range_and_the_year_before(revenue, earn):
    earn(3000, at=NOON.replace(year=2025, month=3))
    earn(4500, at=NOON.replace(month=3))

    response = revenue(first="2026-02-01", last="2026-03-01", before="on")

    assert months_of(response) == ["2026-03", "2026-02"]
    assert response.context["chart"]["before"]["words"] == ["€0.00", "€30.00"]
    assert "+50 %" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"first": "2026-11-01", "last": "2026-10-01"}, "doesn&#x27;t lie before the first"),
        ({"first": "2026-13-01"}, "Select a valid choice"),
        ({"last": "1999-01-01"}, "Select a valid choice"),
    ],
)
def test_a_range_that_is_none_is_refused_at_its_field(revenue, query, message):
    response = revenue(**query)

    assert message in response.content.decode()
    assert response.context["filter"].span == response.context["filter"].default


def test_the_months_of_ten_years_can_be_chosen(revenue, earn):
    earn(1, at=datetime(2016, 5, 5, tzinfo=UTC))

    response = revenue(first="2016-05-01", last="2026-11-01")

    assert len(response.context["rows"]) == 127


def test_before_the_first_sale_it_says_what_will_be_here(revenue):
    text = revenue().content.decode()

    assert "No sales in these months" in text
    assert "src/revenue" not in text
    assert "Deferred" in text


def test_what_is_deferred_and_what_was_free_stand_apart(revenue, buy, mia, add_credits):
    net = format_money(buy(mia).net_minor, "EUR")
    add_credits(mia, "7")

    text = revenue().content.decode()

    assert "Sold but not spent yet, as of now: 10 paid credits." in text
    assert text.split('data-testid="deferred"')[1].split("</bdi>")[0].endswith(f">{net}")
    assert '<dt>Given</dt><dd class="num">7</dd>' in text


def test_csv_and_xlsx_have_the_table_and_the_cuts(download, earn):
    earn(-1050, label="=1+1")
    earn(2000, source=Source.PLANS, method="bill", label="Flex")

    of_sources = rows(download("revenue_file", "csv"))
    of_options = rows(download("revenue_file", "csv", by="option"))
    book = load_workbook(io.BytesIO(download("revenue_file", "xlsx")))

    assert of_sources[0][:5] == ["Month", "Credits", "Plans", "Other", "Total"]
    assert of_sources[-1] == ["2026-11", "-10.50", "20.00", "0.00", "9.50", "0.00", "EUR"]
    assert of_options[0] == ["Month", "'=1+1", "Total", "Currency"]
    assert book.sheetnames == ["By source", "By method", "By option"]
    assert [cell.value for cell in book["By source"][13]][:5] == ["2026-11", -10.5, 20, 0, 9.5]
    assert [cell.value for cell in book["By method"][1]] == [
        *("Month", "Bill", "Stripe", "Total", "Currency")
    ]
    assert book["By option"]["B1"].data_type == "s"


def test_a_month_s_rows_lead_to_what_they_are_of(browser, location, earn, buy, mia, revenue):
    purchase = buy(mia)
    earn(500, source=Source.OTHER, method="bill", label="Locker")
    earn(99, at=NOON.replace(month=10))
    url = reverse("analytics:lines", args=[location.slug, "2026-11"])
    assert f'href="{url}"' in revenue().content.decode()

    response = browser.get(url)

    assert [line.label for line, _method, _link in response.context["rows"]] == [
        *("Locker", "10 credits")
    ]
    assert reverse("community:purchase", args=[location.slug, purchase.key]) in response.text
    total = format_money(500 + purchase.net_minor, "EUR")
    assert f"2 rows, {total} net" in response.text
    narrowed = browser.get(url, {"source": "other"}).text
    assert "1 row, €5.00 net" in narrowed
    assert "10 credits" not in narrowed
    assert "No sale matches." in browser.get(url, {"source": "plans"}).text


def test_many_rows_are_paged_without_counting_and_with_the_same_queries(
    browser, location, earn, django_assert_max_num_queries
):
    for _ in range(55):
        earn(100)
    url = reverse("analytics:lines", args=[location.slug, "2026-11"])
    browser.get(url)

    with django_assert_max_num_queries(14) as asked:
        response = browser.get(url, {"page": "2"})

    assert "51–55 of 55" in response.text
    counting = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert not [sql for sql in counting if "analytics_revenueline" in sql]


def test_the_rows_of_a_month_can_be_taken_away(download, earn):
    earn(-1050, label="=cmd()", method="bill")

    [_headings, row] = rows(download("lines_file", "2026-11", "csv"))
    book = load_workbook(io.BytesIO(download("lines_file", "2026-11", "xlsx")))

    assert row == ["2026-11-22 13:00+01:00", "Credits", "Bill", "'=cmd()", "-10.50", "EUR"]
    assert book["2026-11"]["D2"].value == "'=cmd()"
    assert book["2026-11"]["E2"].value == Decimal("-10.5")


@pytest.mark.parametrize("month", ["2026-13", "november", "0001-01", "9999-12", "2026-1-1"])
def test_a_month_that_is_none_is_not_found(browser, location, month):
    assert browser.get(reverse("analytics:lines", args=[location.slug, month])).status_code == 404


def test_another_form_of_file_or_cut_is_not_found(browser, location):
    assert browser.get(f"/{location.slug}/analytics/revenue.pdf").status_code == 404
    assert browser.get(f"/{location.slug}/analytics/revenue.csv?by=member").status_code == 404
    assert browser.get(f"/{location.slug}/analytics/2026-11/lines.pdf").status_code == 404
