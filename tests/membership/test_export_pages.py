import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django_scopes import scope
from openpyxl import load_workbook

from community.models import AuditRecord
from tests.factories import NOON, CustomerFactory, DetailsFactory, LocationFactory, company_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin, signed_in):
    return signed_in(admin)


@pytest.fixture
def export(browser, location):
    def fetch(what, form="csv"):
        with time_machine.travel(NOON):
            response = browser.get(reverse("community:export", args=[location.slug, what, form]))
        return response, b"".join(response.streaming_content)

    return fetch


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_members_are_listed_with_state_and_local_start(export, mia):
    DetailsFactory(customer=mia.customer)

    response, content = export("members")

    assert "attachment" in response["Content-Disposition"]
    assert response["Content-Disposition"].endswith('-members-2026-11-22.csv"')
    assert rows(content) == [
        ["Email", "Name", "State", "Start", "VAT number"],
        ["mia@h.test", "Mia Holm", "active", "2026-11-22", "DE136695976"],
    ]


def test_customers_are_listed_with_what_they_paid(export, mia, buy):
    total = buy(mia).total_minor
    buy(mia, reference="card_declined")

    _response, content = export("customers")

    assert rows(content)[1][1:] == [
        "mia@h.test",
        "Mia Holm",
        str(Decimal(total).scaleb(-2)),
        "EUR",
        "2026-11-22",
        "",
    ]


def test_a_company_is_listed_with_its_vat_number(export, mia):
    DetailsFactory(customer=company_of(mia, name="Studio North").customer)

    [_headings, _mia, studio] = rows(export("customers")[1])

    assert (studio[2], studio[-1]) == ("Studio North", "DE136695976")


def test_balances_are_listed_with_their_lots(export, mia, add_credits):
    add_credits(mia, "2.50", key="given:1")
    add_credits(mia, "8", key="given:2", lapses_at=datetime(2026, 12, 31, 23, tzinfo=UTC))

    _response, content = export("balances")

    assert rows(content)[1] == [
        *("mia@h.test", "Mia Holm", "10.5", "2.5", "2027-01-01"),
        "8 until 2027-01-01T00:00+01:00; 2.5 for good",
    ]


def test_who_never_had_credits_has_none(export, mia):
    assert rows(export("balances")[1])[1][2:] == ["0", "0", "", ""]


@pytest.mark.parametrize("danger", ["=1+1", "+1", "-1", "@SUM(A1)"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_is_a_formula(export, location, danger, form):
    CustomerFactory(member__location=location, member__user__name=danger)

    _response, content = export("members", form)

    if form == "csv":
        assert rows(content)[1][1] == f"'{danger}"
    else:
        cell = load_workbook(io.BytesIO(content)).active["B2"]
        assert (cell.value, cell.data_type) == (f"'{danger}", "s")


def test_a_workbook_holds_the_same(export, mia):
    response, content = export("members", "xlsx")

    sheet = load_workbook(io.BytesIO(content)).active
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["Email", "Name", "State", "Start", "VAT number"],
        ["mia@h.test", "Mia Holm", "active", "2026-11-22", None],
    ]
    assert response["Content-Type"].startswith("application/vnd.openxmlformats")


def test_nobody_of_another_location_is_in_it(export, mia):
    other = LocationFactory()
    with scope(location=other):
        CustomerFactory(member__location=other, member__user__email="far@h.test")

    for what in ("members", "customers", "balances"):
        assert b"far@h.test" not in export(what)[1]


def test_who_took_data_away_is_kept(export, location, admin):
    export("balances")

    record = AuditRecord.objects.get(location=location)
    assert (record.action, record.user) == ("balances exported", admin)


def test_only_admins_take_data_away(location, staff, mia, signed_in):
    for person in (staff, mia.user):
        for page in (
            reverse("community:exports", args=[location.slug]),
            reverse("community:export", args=[location.slug, "members", "csv"]),
        ):
            assert signed_in(person).get(page).status_code == 403
    assert not AuditRecord.objects.filter(location=location).exists()


@pytest.mark.parametrize("asked", ["keys.csv", "members.exe", "members.json"])
def test_what_is_no_export_is_not_there(browser, location, asked):
    assert browser.get(f"/{location.slug}/community/export/{asked}").status_code == 404


def test_the_page_offers_each_table_twice(browser, location):
    words = browser.get(reverse("community:exports", args=[location.slug])).content.decode()

    assert words.count(".csv") == words.count(".xlsx") == 3


@pytest.mark.parametrize("what", ["members", "customers", "balances"])
def test_an_export_asks_no_more_for_more_people(
    export, location, what, django_assert_max_num_queries, add_credits
):
    def come(count):
        for _ in range(count):
            add_credits(CustomerFactory(member__location=location).member)

    come(2)
    export(what)
    with django_assert_max_num_queries(14) as few:
        export(what)
    come(20)

    with django_assert_max_num_queries(len(few)):
        assert len(rows(export(what)[1])) == 23


def test_companies_are_customers_with_balances_but_no_members(export, mia, add_credits):
    add_credits(company_of(mia, name="Studio North"), "40")

    assert b"Studio North" not in export("members")[1]
    assert rows(export("customers")[1])[2][1:] == ["", "Studio North", "0.00", "EUR", "", ""]
    assert rows(export("balances")[1])[2][:3] == ["", "Studio North", "40"]
