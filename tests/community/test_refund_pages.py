"""Recording a refund, and what is owed: the pages of those who work at a location."""

from decimal import Decimal

import pytest
from django.urls import reverse

from community.models import AuditRecord
from credits.services.spending import spend_credits
from membership.models import OwedCredits
from notifications.models import Notification
from payments.models import Transaction
from tests.factories import NOON
from tests.membership.shop import words
from tests.membership.takings import books_of, twelve_euros

GOOD = {"amount": "6.00", "refunded_on": "2026-11-22", "reference": "Till 4"}


@pytest.fixture
def bought(buy, mia, location):
    return buy(mia, option=twelve_euros(location))


def page_of(bought):
    return reverse("community:refund", args=[bought.location.slug, bought.key])


def test_what_an_admin_gave_back_is_followed_like_a_gateway_s_refund(
    bought, admin, signed_in, invariants_hold
):
    browser = signed_in(admin)
    assert "€12.00" in words(browser.get(page_of(bought)))

    response = browser.post(page_of(bought), GOOD, follow=True)

    assert "The refund of €6.00 is noted." in words(response)
    assert books_of(bought) == {
        "balance": 5,
        "reversed": 5,
        "owed": 0,
        "credited": 600,
        "revenue": 500,
    }
    refund = Transaction.objects.get(kind="refund")
    assert (refund.recorded_by, refund.reference) == (admin, "Till 4")
    assert AuditRecord.objects.get(action="refund recorded").user == admin
    note = bought.receipt.credit_notes.get()
    assert note.number in words(response), "the payment leads to its credit note"
    invariants_hold()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"amount": "12.01"}, "At most €12.00 of this payment can still be refunded."),
        ({"amount": "0"}, "Enter a number above 0."),
        ({"amount": "1.005"}, "decimal"),
        ({"refunded_on": "2099-01-01"}, "This day has not come yet."),
        ({"refunded_on": "2020-01-01"}, "The payment had not come yet on that day."),
        ({"reference": ""}, "This field is required."),
    ],
)
def test_what_can_not_be_is_refused_at_its_field_and_changes_nothing(
    wrong, told, bought, admin, signed_in
):
    response = signed_in(admin).post(page_of(bought), GOOD | wrong)

    assert (response.status_code, told in words(response)) == (200, True)
    assert not Transaction.objects.filter(kind="refund").exists()


def test_a_reference_is_noted_once(bought, admin, signed_in):
    browser = signed_in(admin)
    browser.post(page_of(bought), GOOD)

    response = browser.post(page_of(bought), GOOD)

    assert "A refund with this reference is noted already." in words(response)
    assert Transaction.objects.get(kind="refund").amount_minor == 600


@pytest.fixture
def owed(bought, admin, signed_in):
    spend_credits(customer=bought.customer, credits=Decimal(9), key="room", at=NOON)
    signed_in(admin).post(page_of(bought), GOOD)
    return OwedCredits.objects.get()


@pytest.mark.parametrize("act", ["settle", "waive"])
def test_what_is_owed_is_decided_once_with_a_reason_and_told(
    act, owed, admin, signed_in, invariants_hold
):
    browser, slug = signed_in(admin), owed.location.slug
    assert "4 credits owed" in words(browser.get(reverse("community:home", args=[slug])))
    decide = reverse(f"community:{act}_owed", args=[slug, owed.pk])

    assert "Say how or why." in words(browser.post(decide, {"note": " "}, follow=True))
    page = words(browser.post(decide, {"note": "Paid in cash"}, follow=True))

    assert "Paid in cash" in page
    owed.refresh_from_db()
    state = {"settle": "settled", "waive": "waived"}[act]
    assert (owed.state, owed.closed_by) == (state, admin)
    assert AuditRecord.objects.get(action=f"owed credits {state}").reason == "Paid in cash"
    assert Notification.objects.get(kind="owed_closed").facts["credits"] == "4.00"
    assert "not owed any more" in words(browser.post(decide, {"note": "Again"}, follow=True))
    invariants_hold()


def test_members_see_what_went_back(bought, mia, admin, signed_in):
    signed_in(admin).post(page_of(bought), GOOD)
    note = bought.receipt.credit_notes.get()
    browser, slug = signed_in(mia.user), bought.location.slug

    payments = words(browser.get(reverse("membership:payments", args=[slug])))
    receipt = words(browser.get(reverse("membership:receipt", args=[slug, bought.receipt.number])))
    moved = words(browser.get(reverse("membership:credit_transactions", args=[slug])))
    document = words(browser.get(reverse("membership:credit_note", args=[slug, note.number])))

    assert "Refund: 10 credits" in payments
    assert "€6.00 of it taken back" in payments
    assert note.number in payments
    assert note.number in receipt
    assert "Refund of €6.00" in moved
    assert f"for receipt {bought.receipt.number}" in document
    pdf = browser.get(reverse("membership:credit_note_pdf", args=[slug, note.number]))
    assert (pdf.status_code, pdf.content[:4]) == (200, b"%PDF")
