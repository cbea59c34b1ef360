"""Community > Bills, a customer's Bills tab, the page of a bill and what admins do there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Bill, BillPayment, CreditNote
from billing.services import issue_bill
from membership.models import Purchase
from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
)
from membership.services.bill_payment import mark_bill_paid
from membership.services.periods import local_day
from tests.community.settings_pages import words
from tests.factories import CustomerFactory
from tests.membership.tab import bill_of, buy_by_bill, plan_with_bill, received

pytestmark = pytest.mark.django_db


def address(location, name, *ids):
    return reverse(f"community:{name}", args=[location.slug, *ids])


@pytest.fixture
def bill(location, mia):
    """Mia's active bill, with a fee of €72.00 and 10 credits for €12.00."""
    bill = plan_with_bill(mia.customer, at=now())
    buy_by_bill(mia, at=now())
    bill.refresh_from_db()
    return bill


def issued(bill, *, days_ago=0):
    return issue_bill(bill_id=bill.pk, at=now() - timedelta(days=days_ago))


def test_a_purchase_by_bill_is_on_both_lists_at_once(location, mia, staff, signed_in, bill):
    browser = signed_in(staff)

    everywhere = words(browser.get(address(location, "bills")))
    hers = words(browser.get(address(location, "member_bills", mia.pk)))
    page = browser.get(address(location, "bill", bill.pk))

    assert "Mia Holm" in everywhere
    assert "Not issued" in everywhere
    assert "€84.00" in everywhere
    assert "€84.00" in hers
    assert "Bought by Mia Holm" in words(page)
    purchase = Purchase.objects.get()
    link = address(location, "purchase", purchase.key)
    assert link in page.content.decode()
    assert "Bought by Mia Holm" in words(browser.get(link)).replace('</dt><dd class="num ">', " ")


def test_the_list_leads_on_as_the_other_pages_of_community_do(location, mia, staff, signed_in):
    response = signed_in(staff).get(address(location, "bills"))

    assert f'href="{address(location, "plans")}"' in response.content.decode()
    assert (response.context["member_count"], response.context["company_count"]) == (1, 0)


def test_what_was_paid_by_bill_is_paid_this_year(location, mia, admin, signed_in, bill):
    issued(bill)
    day = local_day(location, now())
    mark_bill_paid(bill_id=bill.pk, received=received(paid_on=day), by=admin, at=now())
    browser = signed_in(admin)

    for name in ("member", "member_payments"):
        paid = browser.get(address(location, name, mia.pk)).context["paid"]
        assert (paid.total_minor, paid.payments) == (8400, 1)


def test_bills_are_filtered_by_state_and_age(location, mia, staff, signed_in, bill):
    other = CustomerFactory(member__location=location, member__user__name="Theo Night")
    issued(plan_with_bill(other, at=now() - timedelta(days=20)), days_ago=20)
    browser = signed_in(staff)

    def listed(**query):
        page = browser.get(address(location, "bills"), query).context["page"]
        return [str(it.customer.name) for it in page]

    assert listed(state="overdue") == ["Theo Night"]
    assert listed(state="due") == []
    assert listed(state="open") == ["Mia Holm"]
    assert listed(state="paid") == []
    assert listed(state="nonsense") == ["Theo Night", "Mia Holm"]
    assert listed(q="B-2026") == ["Theo Night"]
    assert listed(q="mia@h.test") == ["Mia Holm"]
    assert listed(q="nobody") == []


def test_the_strip_sums_up_what_is_owed(location, mia, staff, signed_in, bill):
    other = CustomerFactory(member__location=location)
    issued(plan_with_bill(other, at=now() - timedelta(days=20)), days_ago=20)

    context = signed_in(staff).get(address(location, "bills")).context

    figures = context["figures"]
    assert (figures.overdue.total_minor, figures.overdue.bills) == (7200, 1)
    assert (figures.open.total_minor, figures.open.bills) == (8400, 1)
    assert (figures.due.bills, figures.paid.bills) == (0, 0)
    assert (context["listed"].total_minor, context["listed"].bills) == (15600, 2)


def test_the_list_is_a_csv_too(location, mia, staff, signed_in, bill):
    mia.user.name = "=Mia"
    mia.user.save()

    response = signed_in(staff).get(address(location, "bills_csv"), {"state": "open"})

    lines = b"".join(response).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Number,Customer,State")
    assert lines[1].startswith(",'=Mia,Active,")
    assert lines[1].endswith("EUR,70.00,14.00,84.00,0.00")


def test_rows_cost_no_queries(location, staff, signed_in):
    browser = signed_in(staff)

    def queries(count):
        for _ in range(count):
            plan_with_bill(CustomerFactory(member__location=location), at=now())
        with CaptureQueriesContext(connection) as seen:
            browser.get(address(location, "bills"))
        return len(seen)

    assert queries(1) == queries(5)


def test_an_admin_bills_by_hand(location, mia, admin, signed_in):
    browser = signed_in(admin)

    browser.post(address(location, "open_member_bill", mia.pk))
    bill = bill_of(mia.customer)
    page = browser.get(address(location, "bill", bill.pk))
    key = page.context["item_form"]["key"].value()
    item = {"item-description": "Locker 12", "item-amount": "10", "item-key": key}
    for _ in range(2):
        browser.post(address(location, "add_bill_item", bill.pk), item)
    response = browser.post(address(location, "issue_bill", bill.pk), follow=True)

    assert "Bill B-" in words(response)
    bill.refresh_from_db()
    assert (bill.state, bill.total_minor) == ("issued", 1200)


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("-1", "above 0"),
        ("1.234", "at most 2 decimal"),
        ("1e5", "Enter a number"),
        ("", "required"),
    ],
)
def test_an_amount_that_is_none_is_refused(location, mia, admin, signed_in, amount, says):
    bill = open_bill_by_hand(customer=mia.customer, key="1", by=admin, at=now())

    response = signed_in(admin).post(
        address(location, "add_bill_item", bill.pk),
        {"item-description": "X", "item-amount": amount, "item-key": "0" * 32},
    )

    assert says in words(response)
    assert not bill.items.exists()


def test_an_item_is_taken_off(location, mia, admin, signed_in):
    bill = open_bill_by_hand(customer=mia.customer, key="1", by=admin, at=now())
    item = add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=500, key="1", by=admin, at=now()
    )

    response = signed_in(admin).post(
        address(location, "remove_bill_item", bill.pk, item.pk),
        {"reason": "Moved out"},
        follow=True,
    )

    assert "It is off the bill." in words(response)
    assert list(response.context["items"]) == []
    assert Bill.objects.get(pk=bill.pk).total_minor == 0


def test_an_item_that_stays_gives_the_reason_back_that_was_typed(location, mia, admin, signed_in):
    bill = open_bill_by_hand(customer=mia.customer, key="1", by=admin, at=now())
    item = add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=500, key="1", by=admin, at=now()
    )
    issue_bill_by_hand(bill_id=bill.pk, by=admin, at=now())

    response = signed_in(admin).post(
        address(location, "remove_bill_item", bill.pk, item.pk), {"reason": "Moved out"}
    )

    assert response.context["form"].non_field_errors()
    assert 'value="Moved out"' in response.content.decode()


def test_a_bill_is_marked_paid(location, admin, signed_in, bill):
    issued(bill)
    paid = {"paid-method": "transfer", "paid-paid_on": f"{now():%Y-%m-%d}", "paid-reference": "R 1"}
    browser = signed_in(admin)

    response = browser.post(address(location, "mark_bill_paid", bill.pk), paid, follow=True)
    again = browser.post(address(location, "mark_bill_paid", bill.pk), paid)

    assert "Paid €84.00" in words(response)
    assert "paid already" in words(again)
    assert BillPayment.objects.count() == 1


def test_a_bill_is_credited(location, admin, mia, signed_in, bill):
    issued(bill)
    browser = signed_in(admin)
    form = browser.get(address(location, "credit_bill", bill.pk)).context["form"]
    everything = {field.html_name: field.value() for field in form.amounts}

    refused = browser.post(
        address(location, "credit_bill", bill.pk), everything | {"key": form["key"].value()}
    )
    response = browser.post(
        address(location, "credit_bill", bill.pk),
        everything | {"key": form["key"].value(), "reason": "Agreed"},
        follow=True,
    )

    assert "This field is required." in words(refused)
    note = CreditNote.objects.get()
    assert f"Credit note {note.number}" in words(response)
    bill.refresh_from_db()
    assert (bill.state, note.total_minor) == ("void", 8400)
    document = browser.get(reverse("membership:credit_note", args=[location.slug, note.number]))
    assert "Agreed" in words(document)


def test_staff_see_no_buttons(location, staff, signed_in, bill):
    page = signed_in(staff).get(address(location, "bill", bill.pk)).content.decode()

    assert "<dialog" not in page
    assert "/items/" not in page
