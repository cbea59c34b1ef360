"""The admin as a location's team has it: their rows alone, found by what people know, put right."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from django_scopes import scope
from openpyxl import load_workbook

from billing.models import Bill
from community.models import AuditRecord
from credits.models import Entry
from credits.services.spending import spend_credits
from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
)
from notifications.models import Delivery, Notification
from payments.models import GatewayConnection, GatewayEvent, Transaction
from tests.factories import (
    NOON,
    CustomerFactory,
    LocationFactory,
    UserFactory,
    company_of,
    with_second_factor,
)

pytestmark = pytest.mark.django_db
PAGES = ("billing_receipt", "payments_transaction", "credits_entry", "membership_purchase")


@pytest.fixture
def desk(signed_in, staff):
    """The browser of the location's staff."""
    return signed_in(with_second_factor(staff))


@pytest.fixture
def elsewhere():
    """Another location, with a member who has credits and a bill."""
    location = LocationFactory(name="Far Away")
    with scope(location=location):
        customer = CustomerFactory(member__location=location, member__user__name="Mia Faraway")
        yield customer


def bill_of(customer, by, *, issued=True, at=NOON):
    key = str(uuid4())
    bill = open_bill_by_hand(customer=customer, key=key, by=by, at=at)
    add_manual_item(bill_id=bill.pk, description="=Locker", price_minor=500, key=key, by=by, at=at)
    if issued:
        issue_bill_by_hand(bill_id=bill.pk, by=by, at=at)
    bill.refresh_from_db()
    return bill


def listed(desk, page, **query):
    answer = desk.get(reverse(f"admin:{page}_changelist"), query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def act(desk, page, row, name, **send):
    return desk.post(reverse(f"admin:{page}_{name}", args=[row.pk]), send)


def test_nobody_gets_in_without_a_second_factor(signed_in, staff, admin):
    for user in (staff, admin):
        answer = signed_in(user).get(reverse("admin:index"))
        assert answer.status_code == 403
        assert "A second factor is needed" in answer.text

    assert signed_in(with_second_factor(staff)).get(reverse("admin:index")).status_code == 200


def test_the_team_sees_the_rows_of_its_location_alone(desk, mia, buy, admin, elsewhere):
    with scope(location=mia.location):
        bill = bill_of(mia.customer, admin)
        buy(mia)
    with scope(location=elsewhere.location):
        theirs = bill_of(elsewhere, admin)

    page = desk.get(reverse("admin:billing_bill_changelist"))

    assert list(page.context["cl"].result_list) == [bill]
    assert "Far Away" not in page.text
    assert listed(desk, "billing_bill", q="Faraway") == []
    assert desk.get(reverse("admin:billing_bill_change", args=[theirs.pk])).status_code == 302
    assert act(desk, "billing_bill", theirs, "mark-paid").status_code == 404
    there = {"location__id__exact": elsewhere.location_id}
    assert theirs not in listed(desk, "billing_bill", **there)
    for page in PAGES:
        assert {row.location_id for row in listed(desk, page)} == {mia.location_id}


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


def test_staff_give_up_to_their_limit_with_a_reason(desk, mia, staff):
    location = mia.location
    location.staff_limit_credits = Decimal(5)
    location.save()
    given = {"give-credits": "3", "give-key": str(uuid4())}

    silent = act(desk, "community_customer", mia.customer, "give", **given)
    too_many = act(
        desk,
        "community_customer",
        mia.customer,
        "give",
        **given | {"give-credits": "6", "give-reason": "x"},
    )
    assert not Entry.objects.exists()
    done = act(
        desk, "community_customer", mia.customer, "give", **given, **{"give-reason": "Sorry"}
    )

    assert (silent.status_code, too_many.status_code, done.status_code) == (200, 200, 302)
    assert "Ask an admin" in too_many.text
    entry = Entry.objects.get()
    assert (entry.credits, entry.note, entry.made_by) == (3, "Sorry", staff)
    assert Notification.objects.get(user=mia.user).kind == "credits_given"
    assert AuditRecord.objects.get(reason="Sorry").user == staff


def test_a_bill_is_issued_and_marked_paid_each_with_its_reason(desk, mia, staff):
    bill = bill_of(mia.customer, staff, issued=False)
    paid = {"paid-method": "cash", "paid-paid_on": str(now().date())}

    assert act(desk, "billing_bill", bill, "issue").status_code == 200
    assert act(desk, "billing_bill", bill, "issue", reason="Leaves early").status_code == 302
    refused = act(desk, "billing_bill", bill, "mark-paid", **paid)
    assert Bill.objects.get(pk=bill.pk).state == "issued"
    act(desk, "billing_bill", bill, "mark-paid", **paid, **{"paid-reason": "At the counter"})
    again = act(desk, "billing_bill", bill, "issue", reason="Once more")

    assert (refused.status_code, again.status_code) == (200, 302)
    assert Bill.objects.get(pk=bill.pk).state == "paid"
    records = AuditRecord.objects.filter(action__startswith="admin: ").order_by("pk")
    assert list(records.values_list("action", "reason", "user")) == [
        ("admin: issue", "Leaves early", staff.pk),
        ("admin: mark paid", "At the counter", staff.pk),
    ]


def test_a_bill_is_credited(desk, mia, staff):
    bill = bill_of(mia.customer, staff)
    item = bill.items.get()

    act(
        desk,
        "billing_bill",
        bill,
        "credit",
        reason="Agreed",
        key=str(uuid4()),
        **{f"item_{item.pk}": "2"},
    )

    bill.refresh_from_db()
    assert bill.credited_minor == 200
    assert bill.credit_notes.get().reason == "Agreed"


def test_an_event_is_tried_again(desk, mia, buy, monkeypatch, django_capture_on_commit_callbacks):
    buy(mia)
    event = GatewayEvent.objects.create(
        location=mia.location,
        connection=GatewayConnection.objects.get(),
        reference="evt_1",
        kind="payment_intent.succeeded",
        payload={},
        received_at=NOON,
    )
    sent = []
    monkeypatch.setattr("payments.admin.send_soon", lambda task, **facts: sent.append(facts))

    with django_capture_on_commit_callbacks(execute=True):
        act(desk, "payments_gatewayevent", event, "retry", reason="The worker was down")

    assert sent == [{"location_id": mia.location_id, "event_id": event.pk}]
    assert AuditRecord.objects.get(reason="The worker was down").action == "admin: retry"


def test_rows_lead_to_each_other_and_to_the_gateway(desk, mia, buy):
    bought = buy(mia)
    charge = Transaction.objects.get(purchase=bought)
    event = GatewayEvent.objects.create(
        location=mia.location,
        connection=charge.connection,
        reference="evt_1",
        kind="payment_intent.succeeded",
        payload={"data": {"object": {"id": charge.reference}}},
        received_at=NOON,
    )

    def text(page, row):
        return desk.get(reverse(f"admin:{page}_change", args=[row.pk])).text

    def leads_to(page, row):
        return f'href="{reverse(f"admin:{page}_change", args=[row.pk])}"'

    of_charge = text("payments_transaction", charge)
    assert leads_to("membership_purchase", bought) in of_charge
    assert f"https://dashboard.stripe.com/test/payments/{charge.reference}" in of_charge
    of_purchase = text("membership_purchase", bought)
    assert leads_to("payments_transaction", charge) in of_purchase
    assert leads_to("credits_entry", bought.accrual) in of_purchase
    assert leads_to("membership_purchase", bought) in text("credits_entry", bought.accrual)
    assert leads_to("payments_transaction", charge) in text("payments_gatewayevent", event)
    assert leads_to("payments_gatewayevent", event) in of_charge


def test_what_a_reader_may_not_open_is_named_without_a_link(staff, mia, buy, signed_in, admin):
    with_second_factor(staff)
    charge = Transaction.objects.get(purchase=buy(mia))
    bill = bill_of(mia.customer, admin)
    operator = with_second_factor(UserFactory(is_superuser=True))
    closed = {
        "location": f"/admin/community/location/{mia.location_id}/change/",
        "connection": f"/admin/payments/gatewayconnection/{charge.connection_id}/change/",
        "maker": f"/admin/community/user/{admin.pk}/change/",
    }

    for page, row in (("payments_transaction", charge), ("billing_bill", bill)):
        address = reverse(f"admin:{page}_change", args=[row.pk])
        theirs = signed_in(staff).get(address).text
        operators = signed_in(operator).get(address).text
        assert str(mia.location) in theirs
        assert closed["location"] in operators
        assert [it for it in closed.values() if it in theirs] == []
    assert closed["maker"] in operators  # of an item, in a table of its own


def test_it_opens_with_what_was_sold_and_what_needs_a_human(desk, mia, buy, admin):
    sold = buy(mia, at=now())
    bill_of(mia.customer, admin, at=now() - timedelta(days=60))

    text = desk.get(reverse("admin:index")).text

    assert f"€{Decimal(sold.total_minor) / 100:.2f}" in text
    assert "1 bill is overdue" in text
    assert "Worker and beat" in text


def test_it_says_what_news_waits_and_what_was_given_up(desk, mia):
    def said():
        [health] = [
            it
            for it in desk.get(reverse("admin:index")).context["desk"].health
            if it.name == "Deliveries"
        ]
        return health

    assert said().is_well
    news = Notification.objects.create(
        location=mia.location,
        user=mia.user,
        kind="credits_added",
        facts={},
        key="k",
        created_at=NOON,
    )
    since = now() - timedelta(minutes=31)
    owed = Delivery.objects.create(
        location=mia.location,
        notification=news,
        channel="email",
        created_at=since,
        next_try_at=since,
    )
    assert (said().is_well, said().words.startswith("1 waiting, since")) == (False, True)

    owed.state, owed.reason, owed.ended_at = "failed", "tried_enough", now()
    owed.save()

    assert not said().is_well
    assert "1 given up in the last day." in said().words
