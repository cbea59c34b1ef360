"""What is written stays: the database refuses to change, delete or empty it, whoever asks."""

import pgtrigger
import pytest
from django.db import DatabaseError, connection
from django.db.transaction import atomic
from django_scopes import scopes_disabled

from billing.models import Bill
from billing.models.bills import WRITTEN_WHEN_ISSUED
from membership.models import Purchase
from tests.books import row_of

pytestmark = pytest.mark.django_db

TRIGGERS = {trigger.name: model for model, trigger in pgtrigger.registered()}
APPEND_ONLY = [name for name in TRIGGERS if name.endswith("_append_only")]
NO_TRUNCATE = [name for name in TRIGGERS if name.endswith("_no_truncate")]
NEVER_DELETED = [name for name in TRIGGERS if name.endswith("_never_deleted")]

# Trigger → (which row, what is tried with it), in the words of the books.
REFUSED = {
    "event_payload_is_fixed": ("location_id = {location}", "payload = '[]'"),
    "delivery_ended_stays": ("id = {sent_push}", "state = 'owed', ended_at = NULL"),
    "document_mail_ended_stays": ("id = {sent_mail}", "state = 'owed', sent_at = NULL"),
    "transaction_succeeded_is_final": ("id = {charge}", "state = 'failed'"),
    "transaction_amount_is_fixed": ("id = {pending_charge}", "amount_minor = amount_minor + 1"),
    "transaction_taking_only_returns": (
        "id = {returned_dispute}",
        "state = 'succeeded', returned_at = NULL",
    ),
    "owed_credits_closed_stay": ("id = {waived}", "credits = credits + 1"),
}
ELSEWHERE = {
    "company_keeps_a_manager",  # tests/membership/test_companies.py
    "bill_state_moves_forward",  # below, state by state
    "purchase_state_moves_forward",
    "bill_issued_never_changes",  # below, column by column
    "hold_state_moves_forward",
    "entry_is_told",  # tests/api/test_webhook_kinds.py
    "purchase_is_told",
    "bill_issued_is_told",
    "bill_paid_is_told",
    "failed_payment_is_told",
}

# Another value of the same kind for each column of an issued bill.
OTHER_VALUES = {
    **dict.fromkeys(("location_id", "customer_id", "sequence"), "{column} + 1"),
    **dict.fromkeys(("net_minor", "tax_minor", "total_minor"), "{column} + 1"),
    **dict.fromkeys(("period_start", "period_end", "due_on"), "{column} + 1"),
    **dict.fromkeys(("opened_at", "issued_at"), "{column} + interval '1 day'"),
    **dict.fromkeys(("key", "number"), "{column} || '-2'"),
    **dict.fromkeys(("seller", "buyer"), "'{{}}'"),
    "currency": "'XTS'",
}

# State → a row of the books that is in it, or gets there.
BILLS = {"active": "active_bill", "issued": "waiting_bill", "paid": "bill", "void": "void_bill"}
BILL_MOVES = {("active", "issued"), ("active", "paid"), ("active", "void")}
BILL_MOVES |= {("issued", "paid"), ("issued", "void"), ("paid", "issued")}

ENDED_WITHOUT_CREDITS = {"failed": "pending", "expired": "waiting", "cancelled": "waiting"}
PURCHASES = {"pending": "pending", "completed": "purchase", "awaiting_payment": "waiting"}
PURCHASES |= ENDED_WITHOUT_CREDITS
PURCHASE_MOVES = {
    *(("pending", end) for end in ("completed", "failed", "expired")),
    *(("awaiting_payment", end) for end in ("completed", "cancelled", "expired")),
    # A charge may succeed after we gave up on it: then the credits come after all.
    *((end, "completed") for end in ENDED_WITHOUT_CREDITS),
}

HOLDS = {state: f"{state}_hold" for state in ("open", "captured", "released", "expired")}
HOLD_MOVES = {("open", end) for end in ("captured", "released", "expired")}


def backward(states, moves):
    return [
        (one, other)
        for one in states
        for other in states
        if one != other and (one, other) not in moves
    ]


def attempt(sql, *, refused):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE would wait for them
        with pytest.raises(DatabaseError, match=refused), atomic():
            cursor.execute(sql)


@pytest.mark.parametrize("trigger", APPEND_ONLY)
def test_a_row_is_never_changed_and_never_deleted(trigger, two_books):
    model = TRIGGERS[trigger]
    table, row = model._meta.db_table, row_of(model, two_books[0])

    attempt(f"UPDATE {table} SET id = id WHERE id = {row}", refused=f"rows from {table} table")
    attempt(f"DELETE FROM {table} WHERE id = {row}", refused=f"rows from {table} table")


@pytest.mark.parametrize("trigger", NEVER_DELETED)
def test_a_row_is_never_deleted(trigger, two_books):
    model = TRIGGERS[trigger]
    table, row = model._meta.db_table, row_of(model, two_books[0])

    attempt(f"DELETE FROM {table} WHERE id = {row}", refused=f"rows from {table} table")


@pytest.mark.parametrize("trigger", NO_TRUNCATE)
def test_a_table_is_never_emptied(trigger, two_books):
    table = TRIGGERS[trigger]._meta.db_table

    attempt(f"TRUNCATE {table} CASCADE", refused=f"Cannot truncate rows from {table}")


@pytest.mark.parametrize("trigger", REFUSED)
def test_what_is_settled_stays(trigger, two_books):
    row, change = REFUSED[trigger]
    table = TRIGGERS[trigger]._meta.db_table

    attempt(
        f"UPDATE {table} SET {change} WHERE {row}".format(**two_books[0]), refused="Cannot update"
    )


@pytest.mark.parametrize("name", WRITTEN_WHEN_ISSUED)
def test_no_column_of_an_issued_bill_changes(name, two_books):
    column = Bill._meta.get_field(name).column
    value = OTHER_VALUES[column].format(column=column)

    attempt(
        f"UPDATE billing_bill SET {column} = {value} WHERE id = {two_books[0]['bill']}",
        refused="Cannot update",
    )


def test_of_an_issued_bill_only_its_end_may_change():
    columns = {field.name for field in Bill._meta.concrete_fields}

    assert columns - set(WRITTEN_WHEN_ISSUED) == {"id", "state", "credited_minor", "paid_minor"}


@pytest.mark.parametrize(("before", "after"), backward(BILLS, BILL_MOVES))
def test_a_bill_only_moves_forward(before, after, two_books):
    attempt(
        f"UPDATE billing_bill SET state = '{after}' WHERE id = {two_books[0][BILLS[before]]}",
        refused="Invalid transition",
    )


@pytest.mark.parametrize(("before", "after"), backward(PURCHASES, PURCHASE_MOVES))
def test_a_purchase_only_moves_forward(before, after, two_books):
    purchase = two_books[0][PURCHASES[before]]
    if before in ENDED_WITHOUT_CREDITS:
        with scopes_disabled():
            Purchase.objects.filter(pk=purchase).update(state=before)

    attempt(
        f"UPDATE membership_purchase SET state = '{after}' WHERE id = {purchase}",
        refused="Invalid transition",
    )


def test_every_trigger_is_tried():
    assert set(TRIGGERS) == ELSEWHERE.union(APPEND_ONLY, NO_TRUNCATE, NEVER_DELETED, REFUSED)


@pytest.mark.parametrize(("before", "after"), backward(HOLDS, HOLD_MOVES))
def test_a_hold_that_is_over_stays_over(before, after, two_books):
    attempt(
        f"UPDATE credits_hold SET state = '{after}' WHERE id = {two_books[0][HOLDS[before]]}",
        refused="Invalid transition",
    )
