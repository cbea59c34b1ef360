"""The admin as a location's team has it: their rows alone, found by what people know, put right."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils.timezone import now
from django_scopes import scope

from billing.models import Bill
from community.models import AuditRecord
from credits.models import Entry
from notifications.models import Delivery, Notification, WebhookEndpoint
from payments.models import GatewayConnection, GatewayEvent, Transaction
from tests.admin.books import PAGES, bill_of, listed
from tests.factories import (
    NOON,
    CustomerFactory,
    LocationFactory,
    UserFactory,
    with_second_factor,
)
from tests.notifications.books import webhook_told

pytestmark = pytest.mark.django_db


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
    bill.refresh_from_db()
    told = Notification.objects.get(kind="bill_paid")  # once
    assert bill.state == "paid"
    assert (told.user, told.facts["amount_minor"]) == (mia.user, bill.paid_minor)
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


def test_it_says_what_webhooks_wait_and_who_takes_none(desk, mia, admin):
    def said():
        health = desk.get(reverse("admin:index")).context["desk"].health
        [webhooks] = [it for it in health if it.name == "Webhooks"]
        return webhooks.is_well, webhooks.words

    told = webhook_told(mia.location, admin, now() - timedelta(minutes=31))
    is_well, words = said()
    assert (is_well, words.startswith("1 waiting, since")) == (False, True)

    endpoint = WebhookEndpoint.objects.filter(pk=told.endpoint_id)
    endpoint.update(next_call_at=now() + timedelta(minutes=5))
    assert said() == (True, "Nothing waits.")
    endpoint.update(failing_since=now() - timedelta(minutes=31))
    assert said() == (False, "Nothing waits. 1 receiver fails.")


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
