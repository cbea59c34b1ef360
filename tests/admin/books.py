"""Rows for the desk, and how a list of it is read."""

from uuid import uuid4

from django.urls import reverse

from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
)
from tests.factories import NOON

PAGES = ("billing_receipt", "payments_transaction", "credits_entry", "membership_purchase")


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
