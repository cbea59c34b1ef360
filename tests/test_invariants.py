"""Clean books are silent; a row that is broken by hand wakes exactly the sentence about it."""

import pytest
from django.apps import apps
from django.db import connection

from community.management.commands.check_invariants import all_invariants, broken_invariants
from tests.billing.books import BILL_MUTATIONS
from tests.books import row_of
from tests.credits.books import HOLD_MUTATIONS
from tests.payments.books import TAKING_MUTATIONS
from tests.test_architecture import BOTTOM_UP

pytestmark = pytest.mark.django_db

# Sentence → what breaks it. Names in braces are ids of the books below.
MUTATIONS = {
    **BILL_MUTATIONS,
    **HOLD_MUTATIONS,
    **TAKING_MUTATIONS,
    "Every member has the customer that pays for them": """
        INSERT INTO community_user
            (id, email, name, password, theme, language, time_format, is_staff, is_active,
             is_superuser, joined_at)
        VALUES (-1, 'lone@example.test', 'Lone', '', 'light', '', '', false, true, false, now());
        INSERT INTO community_member (location_id, user_id, state, joined_at)
        VALUES ({location}, -1, 'active', now())
    """,
    "Every company has the customer that pays for it": """
        INSERT INTO community_company (location_id, name, state, created_at)
        VALUES ({location}, 'Lone works', 'open', now())
    """,
    "An open company that had a manager has one": """
        UPDATE community_companymember SET role = 'member' WHERE company_id = {company}
    """,
    "Nobody is in a company without being a member": """
        UPDATE community_member SET state = 'left' WHERE id = {other_member}
    """,
    "A notification is read after it was made": """
        UPDATE notifications_notification SET read_at = created_at - interval '1 day'
        WHERE location_id = {location}
    """,
    "A push goes to a device of whom it tells": """
        UPDATE notifications_pushsubscription
        SET user_id = (SELECT user_id FROM community_member WHERE id = {other_member})
        WHERE id = {device}
    """,
    "No news waits to be planned for more than 15 minutes": """
        UPDATE notifications_notification
        SET planned_at = NULL, created_at = now() - interval '16 minutes', read_at = NULL
        WHERE location_id = {location}
    """,
    "No webhook waits to be planned for more than 15 minutes": """
        UPDATE notifications_webhookevent
        SET planned_at = NULL, payload = NULL, happened_at = now() - interval '20 minutes'
        WHERE id = {webhook_event}
    """,
    "No delivery is being sent for more than 15 minutes": """
        UPDATE notifications_delivery
        SET state = 'sending', tried_at = now() - interval '16 minutes'
        WHERE id = {owed_mail_of_news}
    """,
    "The months of revenue are the sums of their lines": """
        UPDATE analytics_revenuemonth SET net_minor = net_minor + 1 WHERE location_id = {location}
    """,
    "Revenue is in the currency of its location": """
        UPDATE analytics_revenueline SET currency = 'USD' WHERE key = 'lost'
    """,
    "A wallet's balance is the sum of its entries": """
        UPDATE credits_lot SET wallet_id = {other_wallet} WHERE id = {full_lot};
        UPDATE credits_wallet SET balance = balance - 10 WHERE id = {wallet};
        UPDATE credits_wallet SET balance = balance + 10 WHERE id = {other_wallet}
    """,
    "A wallet's balance is what is left in its lots": """
        UPDATE credits_lot SET wallet_id = {other_wallet} WHERE id = {full_lot}
    """,
    "The balance after an entry is the running total, never negative": """
        UPDATE credits_entry SET balance_after = balance_after + 1 WHERE id = {spending}
    """,
    "The entries of a wallet are numbered from 1 without gaps": """
        UPDATE credits_entry SET position = position + 1 WHERE id = {last_entry};
        UPDATE credits_wallet SET last_position = last_position + 1 WHERE id = {wallet}
    """,
    "What is left of a lot is what it held and its movements": """
        UPDATE credits_lot SET remaining = remaining - 1 WHERE id = {full_lot};
        UPDATE credits_lot SET remaining = remaining + 1 WHERE id = {drawn_lot}
    """,
    "An entry adds a lot or moves its lots by what it says": """
        UPDATE credits_lotmovement SET entry_id = {accrual} WHERE entry_id = {spending}
    """,
    "An entry moves lots of its own wallet": """
        UPDATE credits_lot SET wallet_id = {other_wallet} WHERE id = {lapsed_lot}
    """,
    "A receipt's total is the sum of its lines": """
        UPDATE billing_receiptline SET net_minor = net_minor + 1, total_minor = total_minor + 1
        WHERE receipt_id = {receipt}
    """,
    "Receipts are numbered from 1 without gaps, but where an admin moved the number on": """
        UPDATE billing_receipt SET sequence = sequence + 1 WHERE id = {receipt};
        UPDATE billing_documentcounter SET last_number = last_number + 1
        WHERE location_id = {location} AND kind = 'receipt'
    """,
    "The counter stands at the last receipt, or where an admin moved the number on": """
        UPDATE billing_documentcounter SET last_number = last_number + 1
        WHERE location_id = {location} AND kind = 'receipt'
    """,
    "No event waits for more than 15 minutes": """
        UPDATE payments_gatewayevent SET processed_at = NULL,
               received_at = now() - interval '16 minutes' WHERE location_id = {location}
    """,
    "A charge under way has the key to settle it": """
        UPDATE payments_gatewayconnection SET state = 'disconnected', disconnected_at = now(),
               secret_key = '', webhook_secret = ''
        WHERE id = (SELECT connection_id FROM payments_transaction WHERE state = 'pending' LIMIT 1)
    """,
    "A charge that was heard of was sent": """
        UPDATE payments_transaction SET submitted_at = NULL WHERE id = {charge}
    """,
    "A card belongs to the customer that is charged": """
        UPDATE payments_card SET customer_id = {other_customer} WHERE id = {card}
    """,
    "A card that was entered is kept or let go when its attempt settles": """
        UPDATE payments_card SET state = 'entered' WHERE id = {card};
        UPDATE payments_transaction SET card_id = NULL WHERE state = 'pending'
    """,
    "A completed purchase has one accrual: its frozen credits, for its customer": """
        UPDATE membership_purchase SET credits = credits + 1 WHERE id = {purchase}
    """,
    "The lot of a purchase is worth what was paid for it": """
        UPDATE credits_lot SET paid_minor = paid_minor + 1 WHERE id = {full_lot}
    """,
    "A completed purchase has its succeeded charge": """
        UPDATE payments_transaction SET state = 'failed' WHERE id = {charge}
    """,
    "A succeeded charge has completed its purchase": """
        UPDATE payments_transaction
        SET state = 'succeeded', reference = 'pi_lost', settled_at = now(), submitted_at = now()
        WHERE id = {pending_charge}
    """,
    "Only a bank transfer has a day until which it is awaited": """
        UPDATE payments_transaction
        SET due_on = now()::date, received_on = now()::date, card_id = NULL WHERE id = {charge}
    """,
    "A transfer that was paid says on which day": """
        UPDATE payments_transaction SET received_on = NULL WHERE id = {received_charge}
    """,
    "No transfer is awaited for more than a day after its last": """
        UPDATE payments_transaction SET due_on = now()::date - 3 WHERE id = {awaited_charge}
    """,
    "Another amount than was asked for is on the list to review": """
        UPDATE payments_reviewcase r SET received_minor = t.amount_minor
        FROM payments_transaction t WHERE t.id = r.charge_id AND t.id = {other_amount_charge}
    """,
    "A purchase at a gateway awaits its payment if that is a transfer": """
        UPDATE membership_purchase SET state = 'pending' WHERE id = {awaited}
    """,
    "A purchase that is over has no charge under way": """
        UPDATE membership_purchase SET state = 'failed' WHERE id = {pending}
    """,
    "A purchase that is not completed gave no credits": """
        UPDATE credits_entry SET idempotency_key = 'purchase:{pending}' WHERE id = {given}
    """,
    "A purchase that is not completed earned no revenue": """
        UPDATE analytics_revenueline SET key = 'purchase:{pending}' WHERE key = 'lost'
    """,
    "A purchase paid at a gateway has one line of revenue: its net price": """
        UPDATE analytics_revenueline SET net_minor = net_minor + 1
        WHERE key = 'purchase:{purchase}';
        UPDATE analytics_revenuemonth SET net_minor = net_minor + 1
        WHERE id = (SELECT min(month.id) FROM analytics_revenuemonth month
                    JOIN analytics_revenueline line USING (location_id, source, method)
                    WHERE line.key = 'purchase:{purchase}' AND line.location_id = {location}
                    AND month.option = line.label)
    """,
    "A charge is over what its purchase costs, in its location's currency": """
        UPDATE payments_transaction SET amount_minor = amount_minor + 1 WHERE id = {charge}
    """,
    "A receipt is over what its purchase cost": """
        UPDATE billing_receipt SET net_minor = net_minor + 1, total_minor = total_minor + 1
        WHERE id = {receipt};
        UPDATE billing_receiptline SET net_minor = net_minor + 1, total_minor = total_minor + 1
        WHERE receipt_id = {receipt}
    """,
    "Every receipt is of a purchase": """
        INSERT INTO billing_receipt
            (location_id, customer_id, sequence, number, issued_at, paid_at, paid_with, currency,
             net_minor, tax_minor, total_minor, seller, buyer)
        SELECT location_id, customer_id, sequence + 1, number || '-2', issued_at, paid_at,
               paid_with, currency, net_minor, tax_minor, total_minor, seller, buyer
        FROM billing_receipt WHERE id = {receipt};
        INSERT INTO billing_receiptline
            (receipt_id, description, net_minor, tax_minor, total_minor, tax_name, tax_percent,
             exemption)
        SELECT new.id, '', new.net_minor, new.tax_minor, new.total_minor, '', 0, ''
        FROM billing_receipt new WHERE new.number LIKE '%-2';
        INSERT INTO billing_documentmail
            (location_id, receipt_id, kind, state, created_at, next_try_at)
        SELECT location_id, id, 'issued', 'owed', now(), now()
        FROM billing_receipt WHERE number LIKE '%-2';
        UPDATE billing_documentcounter SET last_number = last_number + 1
        WHERE location_id = {location} AND kind = 'receipt'
    """,
    "Nobody buys for another member": """
        UPDATE membership_purchase SET bought_by_id = {other_member} WHERE id = {pending}
    """,
    "No purchase is pending for more than a day": """
        UPDATE membership_purchase SET created_at = now() - interval '25 hours'
        WHERE id = {pending}
    """,
    "A purchase is made under a plan of its customer": """
        UPDATE membership_purchase SET assignment_id = {assignment} WHERE id = {pending}
    """,
    "The bills of a plan follow each other from its first day without a gap": """
        UPDATE billing_bill SET period_start = period_start + 1 WHERE key = '{period}'
    """,
    "A plan's fee is on the bill of its period": """
        UPDATE billing_billitem SET key = 'fee:0:' || id WHERE key = '{plan_fee}';
        UPDATE analytics_revenueline SET key = (SELECT key FROM billing_billitem
            WHERE key LIKE 'fee:0:%') WHERE key = '{plan_fee}'
    """,
    "Monthly credits are given for a period with a bill": """
        UPDATE credits_entry SET idempotency_key = 'plan:0:' || id WHERE id = {monthly}
    """,
}


def break_rows(sql):
    with connection.cursor() as cursor:
        # Triggers and foreign keys off, as after a bad restore.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in filter(str.strip, sql.split(";")):
            cursor.execute(statement)
            assert cursor.rowcount > 0, statement
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_clean_books_break_no_invariant(two_books):
    assert broken_invariants() == {}


@pytest.mark.parametrize("sentence", MUTATIONS)
def test_a_broken_row_wakes_its_sentence_alone(sentence, two_books):
    break_rows(MUTATIONS[sentence].format(**two_books[0]))

    assert set(broken_invariants()) == {sentence}


FOREIGN_KEYS = {
    f"{model.__name__}.{field.name} stays inside one location": (model, field)
    for label in BOTTOM_UP
    for model in apps.get_app_config(label).get_models()
    for field in model._meta.concrete_fields
    if field.is_relation
}


@pytest.mark.parametrize("sentence", [it for it in all_invariants() if it in FOREIGN_KEYS])
def test_a_row_that_points_across_locations_wakes_its_sentence(sentence, two_books):
    model, field = FOREIGN_KEYS[sentence]
    here, there = two_books
    own, stranger = row_of(model, here, field), row_of(field.related_model, there)

    table, column = model._meta.db_table, field.column
    reason = ", reason = 'reversal'" if field.name == "reverses" else ""
    break_rows(
        f"UPDATE {table} SET {column} = {column} * CASE id WHEN {own} THEN 1 ELSE -1 END;"
        f"UPDATE {table} SET {column} = {stranger}{reason} WHERE id = {own}"
    )

    assert broken_invariants()[sentence] == [own]


def test_every_sentence_has_its_mutation():
    assert set(all_invariants()) == set(MUTATIONS) | (set(all_invariants()) & set(FOREIGN_KEYS))
