"""The desk's lists: searched, narrowed, summed up and taken away."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from billing.services import credit_receipt
from community.models import AuditRecord
from credits.services.spending import spend_credits
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import issue_bill_by_hand
from membership.services.bill_payment import mark_bill_paid
from payments.models import Transaction
from tests.admin.books import PAGES, bill_of, listed
from tests.factories import NOON, CustomerFactory, company_of, with_second_factor
from tests.membership.tab import buy_by_bill, plan_with_bill, received
from tests.membership.takings import event_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(signed_in, staff):
    """The browser of the location's staff."""
    return signed_in(with_second_factor(staff))


def test_rows_are_found_by_person_company_number_amount_and_reference(desk, mia, buy):
    bought = buy(mia)
    other = CustomerFactory(member__location=mia.location).member
    buy(other)
    studio = company_of(mia, name="Studio North")
    total = f"{Decimal(bought.total_minor) / 100}"
    charge = Transaction.objects.get(purchase=bought)

    assert listed(desk, "membership_purchase", q="mia@h.test") == [bought]
    assert listed(desk, "membership_purchase", q=str(bought.key)) == [bought]
    assert listed(desk, "membership_purchase", q=bought.receipt.number) == [bought]
    assert bought in listed(desk, "membership_purchase", q=total)
    assert listed(desk, "payments_transaction", q=charge.reference) == [charge]
    assert listed(desk, "billing_receipt", q=bought.receipt.number) == [bought.receipt]
    assert listed(desk, "credits_entry", q=charge.reference) == [bought.accrual]
    assert listed(desk, "community_customer", q="studio n") == [studio.customer]
    assert listed(desk, "membership_purchase", q="studio n") == []
    assert listed(desk, "membership_purchase", q="no\u0661such") == []


@pytest.fixture
def on_the_bill(mia, staff):
    """A purchase on an issued bill, of which a credit note takes some."""
    plan_with_bill(mia.customer)
    bought = buy_by_bill(mia)
    bill = bought.bill_item.bill
    issue_bill_by_hand(bill_id=bill.pk, by=staff, at=NOON)
    wanted = {bill.items.exclude(pk=bought.bill_item_id).get().pk: 130}
    about = {"reason": "Agreed", "waive_spent": False, "key": uuid4(), "by": staff, "at": NOON}
    credit_bill(bill_id=bill.pk, wanted=wanted, **about)
    bill.refresh_from_db()
    return bought


def test_what_a_gateway_calls_a_payment_leads_to_all_that_is_of_it(desk, mia, buy, on_the_bill):
    bought = buy(mia)
    charge = Transaction.objects.get(purchase=bought)
    event = event_of(charge, data={"object": {"id": charge.reference}})
    with transaction.atomic():
        note = credit_receipt(
            receipt=bought.receipt, credited_minor=10, reason="x", key="x", by=None, at=NOON
        )
    bill = on_the_bill.bill_item.bill
    Transaction.objects.create(
        location=mia.location,
        customer=mia.customer,
        connection=charge.connection,
        amount_minor=bill.to_pay_minor,
        currency=bill.currency,
        key=uuid4(),
        reference="pi_of_the_bill",
        bill=bill,
        made_by=mia.user,
        created_at=NOON,
    )

    assert listed(desk, "payments_gatewayevent", q=charge.reference) == [event]
    assert listed(desk, "billing_creditnote", q=charge.reference) == [note]
    assert listed(desk, "billing_bill", q="pi_of_the_bill") == [bill]
    assert listed(desk, "billing_creditnote", q="pi_of_the_bill") == [bill.credit_notes.get()]
    assert listed(desk, "billing_creditnote", corrects="receipt") == [note]


def test_what_is_on_a_bill_is_found_by_it_and_leads_to_it(desk, mia, buy, on_the_bill, staff):
    bill, bought = on_the_bill.bill_item.bill, buy(mia)
    page = desk.get(reverse("admin:membership_purchase_change", args=[on_the_bill.pk])).text

    assert f'href="{reverse("admin:billing_bill_change", args=[bill.pk])}"' in page
    assert f'href="{reverse("admin:credits_entry_change", args=[on_the_bill.accrual_id])}"' in page
    assert listed(desk, "credits_entry", q=bill.number) == [on_the_bill.accrual]
    assert listed(desk, "credits_entry", purchase__method__exact="gateway") == [bought.accrual]
    mark_bill_paid(bill_id=bill.pk, received=received(), by=staff, at=NOON)
    assert listed(desk, "billing_bill", payments__method__exact="cash") == [bill]
    assert listed(desk, "billing_bill", payments__method__exact="card") == []


def test_who_did_it_and_whose_it_is_are_looked_up(desk, mia, add_credits, staff, on_the_bill):
    add_credits(mia)
    theirs = set(AuditRecord.objects.filter(user=staff))

    assert theirs == set(listed(desk, "community_auditrecord", q=staff.email))
    for page in ("credits_wallet", "credits_lot", "membership_planassignment"):
        assert listed(desk, page, q="mia@h.test")
        assert listed(desk, page, q="nobody@h.test") == []
    assert listed(desk, "membership_planassignment", q=f"Flex {mia.customer.pk}")


def test_a_range_of_days_has_both_ends_and_nonsense_filters_nothing(desk, mia, buy):
    bought = buy(mia)
    day = bought.created_at.astimezone(mia.location.zone).date()
    before = (day - timedelta(days=1)).isoformat()

    def found(**ends):
        query = {f"created_at_{end}": value for end, value in ends.items()}
        return listed(desk, "membership_purchase", **query)

    assert found(**{"from": day.isoformat(), "to": day.isoformat()}) == [bought]
    assert found(to=before) == []
    assert found(**{"from": "yesterday", "to": "9999-12-31"}) == [bought]


def test_what_is_narrowed_down_is_summed_up(desk, mia, admin):
    for _ in range(2):
        bill_of(mia.customer, admin)

    everything = desk.get(reverse("admin:billing_bill_changelist"))
    issued = desk.get(reverse("admin:billing_bill_changelist"), {"state__exact": "issued"})

    assert everything.context["sums"] == []
    assert issued.context["sums"] == ["Total: €12.00", "Credited: €0.00"]


def test_what_is_not_all_that_matches_is_neither_summed_up_nor_taken_away(
    desk, mia, buy, monkeypatch
):
    monkeypatch.setattr("community.desk.finding.MOST_OF_A_LOOKUP", 1)
    bought = buy(mia)
    alone = f"{reverse('admin:membership_purchase_changelist')}?q=mia"
    assert len(desk.get(alone).context["sums"]) == 1

    other = CustomerFactory(
        member__location=mia.location,
        member__user__name="Mia Newman",
        member__user__email="n@h.test",
    )
    newer = buy(other.member)
    both = desk.get(alone)
    taken = desk.get(f"{reverse('admin:membership_purchase_export', args=['csv'])}?q=mia")

    assert list(both.context["cl"].result_list) == [newer]  # of the newest customer
    assert both.context["sums"] == []
    assert both.context["export"] is False
    assert "More than 500 match: narrow the search." in both.text
    assert taken["Location"] == alone
    assert bought in listed(desk, "membership_purchase")


def test_no_list_counts_a_whole_table(desk, mia, buy):
    buy(mia)
    for page in PAGES:
        with CaptureQueriesContext(connection) as asked:
            listed(desk, page, _facets="True")
        counts = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
        assert all("LIMIT 5001" in sql for sql in counts)


def test_a_list_is_taken_away_as_narrowed_and_runs_nothing(desk, mia, admin):
    bill_of(mia.customer, admin)
    mia.user.name = "=cmd()"
    mia.user.save()
    url = reverse("admin:billing_bill_export", args=["csv"])

    content = b"".join(desk.get(url, {"state__exact": "issued"}).streaming_content)
    none = b"".join(desk.get(url, {"state__exact": "paid"}).streaming_content)

    [headings, row] = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert row[2] == "'=cmd()"
    assert len(headings) == len(row)
    assert len(none.decode("utf-8-sig").splitlines()) == 1


def test_a_taken_list_holds_numbers_and_the_clock_of_the_location(desk, mia, buy, admin):
    location = mia.location
    location.time_zone = "Asia/Tokyo"
    location.save()
    bought = buy(mia)
    bill = bill_of(mia.customer, admin)
    spend_credits(customer=mia.customer, credits=Decimal(5), key="desk:1", at=NOON)

    def book(page):
        answer = desk.get(reverse(f"admin:{page}_export", args=["xlsx"]))
        content = b"".join(answer.streaming_content)
        names, *rows = load_workbook(io.BytesIO(content)).active.values
        return [dict(zip(names, row, strict=True)) for row in rows]

    [line] = book("billing_bill")
    spent, added = book("credits_entry")

    assert (line["total"], line["currency"]) == (float(bill.total_minor) / 100, "EUR")
    assert [it["credits"] for it in (spent, added)] == [-5, bought.credits]
    assert added["happened"].endswith("+09:00")
    url = reverse("admin:credits_entry_export", args=["csv"])
    assert ",-5.00," in b"".join(desk.get(url).streaming_content).decode()
