"""Every named constraint of the database refuses its row: a copy of a good one, but for this."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db.models import F
from django.utils.timezone import now
from django_scopes import scopes_disabled

from community.models import ApiAnswer, Export, ExportPart, Location, LocationLogo
from community.services.api_keys import make_api_key
from credits.models import CreditUse
from membership.models import JoinRequest, MemberImport
from payments.models import Card, Transaction
from tests.factories import RoleFactory, UserFactory
from tests.test_architecture import BOTTOM_UP

pytestmark = pytest.mark.django_db

EXPENSIVE = "net_minor + tax_minor + 1"
# A gateway of another account that was left.
LEFT = {"account": "'copy'", "state": "'disconnecting'", "disconnected_at": "now()"}

# Constraint → the columns of the copy that differ; "where" names which row is copied.
REFUSED = {
    "location_currency_is_iso": {"slug": "'copy'", "currency": "'eur'"},
    "location_tax_is_a_percentage": {"slug": "'copy'", "tax_percent": "100"},
    "location_bill_credits_is_known": {"slug": "'copy'", "bill_credits": "'later'"},
    "location_bill_limit_is_positive": {"slug": "'copy'", "bill_limit_credits": "0"},
    "location_staff_limit_not_negative": {"slug": "'copy'", "staff_limit_credits": "-1"},
    "logo_has_a_digest": {"digest": "''"},
    "user_has_an_email_of_their_own": {"email": "upper(email)"},
    "user_theme_is_known": {"email": "'copy@h.test'", "theme": "'sepia'"},
    "member_once_per_location": {},
    "member_state_is_known": {"state": "'asleep'"},
    "company_name_once": {"name": "upper(name)"},
    "company_state_is_known": {"name": "'Copy'", "state": "'ajar'"},
    "company_closed_has_a_time": {"name": "'Copy'", "state": "'closed'"},
    "company_member_once": {},
    "company_role_is_known": {"role": "'owner'"},
    "customer_is_a_member_or_a_company": {"member_id": "null", "company_id": "null"},
    "role_once_per_user_and_location": {},
    "role_kind_is_known": {"kind": "'guest'"},
    "api_key_once_per_secret": {},
    "api_key_may_something_known": {"digest": "'copy'", "scopes": "'{rule}'"},
    "api_key_expires_after_it_begins": {"digest": "'copy'", "expires_at": "created_at"},
    "answer_once_per_holder_and_key": {},
    "answer_is_for_a_key_or_a_user": {"key": "'copy'", "api_key_id": "null"},
    "export_does_no_more_rows_than_it_has": {"where": "state = 'done'", "rows_done": "1"},
    "export_one_under_way_per_person": {"where": "state = 'running'", "state": "'waiting'"},
    "export_one_made_at_a_time": {
        "where": "state = 'running'",
        "asked_by_id": "(SELECT max(id) FROM community_user)",
    },
    "export_ended_has_a_time": {"where": "state = 'done'", "finished_at": "null"},
    "export_failed_says_why": {"where": "state = 'done'", "trouble": "'broken'"},
    "export_part_has_one_place": {},
    "webhook_endpoint_once_per_address": {},
    "webhook_endpoint_hears_something": {"url": "'copy'", "events": "'{}'"},
    "webhook_endpoint_events_are_known": {"url": "'copy'", "events": "'{bill.lost}'"},
    "webhook_endpoint_removed_is_disabled": {"removed_at": "now()", "disabled_at": "null"},
    "webhook_event_planned_has_its_payload": {"payload": "null"},
    "webhook_delivery_once_per_endpoint": {},
    "webhook_delivery_sent_was_tried": {"state": "'sent'", "tried_at": "null"},
    "notification_once_per_user_and_key": {},
    "preference_once_per_kind_and_channel": {},
    "preference_channel_is_known": {"channel": "'fax'"},
    "balance_wish_is_above_nothing": {"below": "0"},
    "push_endpoint_has_one_owner": {},
    "push_ended_keeps_no_keys": {"ended_at": "now()"},
    "delivery_once_per_device": {"where": "channel = 'push'"},
    "delivery_push_has_its_device": {"where": "channel = 'email'", "channel": "'push'"},
    "delivery_ended_has_a_time": {"where": "channel = 'push'", "ended_at": "null"},
    "delivery_that_did_not_happen_says_why": {"where": "channel = 'push'", "state": "'failed'"},
    "revenue_line_once_per_key": {},
    "revenue_source_is_known": {"source": "'gifts'"},
    "revenue_month_once_per_slot": {},
    "revenue_month_is_its_first_day": {"month": "month + 1"},
    "revenue_month_has_options_of_credits_only": {"source": "'other'", "option": "'Copy'"},
    "wallet_balance_not_negative": {"balance": "-1"},
    "entry_has_one_place_in_its_wallet": {"idempotency_key": "'copy'"},
    "entry_once_per_key": {"position": "position + 100"},
    "entry_moves_credits": {"credits": "0"},
    "entry_never_overdraws": {"balance_after": "-1"},
    "entry_names_what_it_reverses": {"reason": "'reversal'"},
    "lot_holds_between_nothing_and_all": {"remaining": "credits + 1"},
    "wallet_holds_no_more_than_it_has": {"held": "balance + 1"},
    "entry_gives_a_spend_back_once": {
        "where": "reason = 'reversal' AND credits > 0",
        "position": "position + 100",
        "idempotency_key": "'copy'",
    },
    "lot_holds_back_what_is_there": {"held": "remaining + 1"},
    "hold_once_per_key": {"capture_id": "null", "state": "'released'", "closed_at": "now()"},
    "hold_sets_credits_aside": {"idempotency_key": "'copy'", "credits": "0"},
    "hold_ends_after_it_begins": {"idempotency_key": "'copy'", "expires_at": "created_at"},
    "hold_closed_has_a_time": {
        "where": "state = 'open'",
        "idempotency_key": "'copy'",
        "state": "'expired'",
    },
    "hold_captured_has_its_entry": {
        "where": "state = 'open'",
        "idempotency_key": "'copy'",
        "state": "'captured'",
        "closed_at": "now()",
    },
    "held_lot_once_per_hold": {},
    "held_lot_not_negative": {"credits": "-1"},
    "lot_starts_with_credits": {"credits": "0", "remaining": "0"},
    "lot_price_not_negative": {"paid_minor": "-1"},
    "lot_moved_once_per_entry": {},
    "lot_movement_moves_credits": {"credits": "0"},
    "option_sells_credits": {"credits": "0"},
    "option_has_a_price": {"price_minor": "0"},
    "option_expiry_is_in_the_future": {"expiry_months": "0"},
    "option_on_sale_once": {},
    "use_takes_credits": {"credits": "0"},
    "bill_active_once_per_customer": {"key": "'copy'", "where": "state = 'active'"},
    "bill_once_per_key": {"where": "state = 'void'", "sequence": "990", "number": "'990'"},
    "bill_has_its_own_number": {"where": "number <> ''", "key": "'copy'", "number": "'990'"},
    "bill_number_is_unique": {"where": "number <> ''", "key": "'copy'", "sequence": "990"},
    "bill_total_is_net_and_tax": {"total_minor": EXPENSIVE},
    "bill_credited_up_to_its_total": {"credited_minor": "total_minor + 1"},
    "bill_issued_has_a_number": {"where": "state = 'active'", "state": "'issued'"},
    "bill_number_comes_with_issuing": {"where": "number <> ''", "issued_at": "null"},
    "bill_period_has_days": {
        "where": "period_end IS NOT NULL",
        "period_start": "period_end",
    },
    "bill_item_once_per_key": {"where": "removes_id IS NULL"},
    "bill_item_total_is_net_and_tax": {"total_minor": EXPENSIVE, "where": "removes_id IS NULL"},
    "bill_item_source_is_known": {"source": "'gifts'"},
    "bill_item_takes_off_only_what_it_removes": {
        "where": "total_minor < 0",
        "removes_id": "null",
    },
    "bill_item_exempt_has_no_tax": {
        "where": "tax_minor > 0",
        "exemption": "'why'",
        "key": "'copy'",
    },
    "credit_note_once_per_key": {"sequence": "990", "number": "'990'"},
    "credit_note_has_its_own_number": {"key": "'copy'", "number": "'990'"},
    "credit_note_number_is_unique": {"key": "'copy'", "sequence": "990"},
    "credit_note_total_is_net_and_tax": {"total_minor": EXPENSIVE},
    "credit_note_credits_something": {"net_minor": "0", "tax_minor": "0", "total_minor": "0"},
    "credit_note_has_a_reason": {"reason": "''"},
    "credit_note_is_of_one_document": {"receipt_id": "null", "where": "receipt_id IS NOT NULL"},
    "credit_note_line_is_of_one_document": {"bill_item_id": "null", "receipt_line_id": "null"},
    "credit_note_line_per_item": {},
    "credit_note_line_total_is_net_and_tax": {"total_minor": EXPENSIVE},
    "credit_note_line_credits_what_is_left": {"left_minor": "-1"},
    "credit_note_line_exempt_has_no_tax": {"where": "tax_minor > 0", "exemption": "'why'"},
    "billing_details_vat_number_has_a_country": {"vat_number": "'123456789'"},
    "billing_details_emails_are_few": {"emails": "array_fill('a@b.test'::text, '{11}')"},
    "billing_details_exemption_is_known": {"exemption": "'friend'"},
    "billing_details_reverse_charge_has_a_vat_number": {
        "exemption": "'reverse_charge'",
        "vat_number": "''",
    },
    "billing_details_other_exemption_has_a_reason": {"exemption": "'other'"},
    "bill_payment_has_one_place": {},
    "bill_payment_moves_money": {"amount_minor": "0"},
    "bill_paid_not_negative": {"paid_minor": "-1"},
    "bill_payment_method_is_known": {"method": "'shells'"},
    "counter_once_per_kind": {},
    "mail_is_of_one_document": {"where": "kind = 'resent'", "bill_id": "null"},
    "mail_of_issuing_is_owed_once": {"where": "kind = 'issued'"},
    "mail_reminds_once_per_bill_and_day": {"where": "kind = 'reminder'"},
    "mail_sent_again_waits_once": {"where": "kind = 'resent'"},
    "mail_that_reminds_has_its_day": {"where": "kind = 'reminder'", "days": "null"},
    "mail_sent_has_a_time": {"where": "kind = 'resent'", "state": "'sent'"},
    "receipt_has_its_own_number": {"number": "'990'"},
    "receipt_number_is_unique": {"sequence": "990"},
    "receipt_total_is_net_and_tax": {"total_minor": EXPENSIVE},
    "receipt_line_total_is_net_and_tax": {"total_minor": EXPENSIVE},
    "receipt_line_exempt_has_no_tax": {"where": "tax_minor > 0", "exemption": "'why'"},
    "gateway_connected_once_per_location": {"key": "gen_random_uuid()", "account": "'copy'"},
    "gateway_account_once_per_location": {
        "key": "gen_random_uuid()",
        "state": "'disconnecting'",
        "disconnected_at": "now()",
    },
    "gateway_state_is_known": {"key": "gen_random_uuid()", **LEFT, "state": "'ajar'"},
    "gateway_not_connected_has_a_time": {
        "key": "gen_random_uuid()",
        **LEFT,
        "disconnected_at": "null",
    },
    "gateway_in_use_has_its_key": {"key": "gen_random_uuid()", **LEFT, "secret_key": "''"},
    "gateway_disconnected_keeps_no_secret": {
        "key": "gen_random_uuid()",
        **LEFT,
        "state": "'disconnected'",
        "secret_key": "''",
        "webhook_secret": "'kept'",
    },
    "gateway_for_transfers_has_an_account": {
        "key": "gen_random_uuid()",
        **LEFT,
        "account_details": "'IBAN'",
    },
    "gateway_customer_once_per_connection": {},
    "card_once_per_setup": {"reference": "'copy'"},
    "card_once_per_reference": {"setup_reference": "''"},
    "card_default_once_per_customer": {
        "where": "is_default",
        "reference": "'copy'",
        "setup_reference": "''",
    },
    "card_default_is_kept": {
        "reference": "'copy'",
        "setup_reference": "''",
        "state": "'released'",
        "is_default": "true",
    },
    "card_try_once_per_key": {},
    "card_kept_is_known": {"reference": "''", "state": "'kept'"},
    "event_once_per_connection": {},
    "transaction_once_per_reference": {
        "where": "reference <> ''",
        "key": "gen_random_uuid()",
    },
    "transaction_one_under_way_per_bill": {
        "where": "bill_id IS NOT NULL AND state = 'pending'",
        "key": "gen_random_uuid()",
    },
    "transaction_pays_a_bill_once": {
        "where": "bill_id IS NOT NULL AND state = 'succeeded' AND NOT is_surplus",
        "key": "gen_random_uuid()",
        "reference": "'copy'",
    },
    "transaction_tried_once_by_itself": {
        "where": "automatic_try IS NOT NULL",
        "key": "gen_random_uuid()",
        "state": "'failed'",
        "settled_at": "now()",
    },
    "transaction_is_automatic_or_surplus_for_bills": {
        "where": "bill_id IS NULL",
        "is_surplus": "true",
    },
    "transaction_only_what_is_due_is_awaited": {
        "where": "due_on IS NULL",
        "received_on": "now()::date",
    },
    "transaction_due_needs_no_card": {"where": "card_id IS NOT NULL", "due_on": "now()::date"},
    "review_of_another_amount_says_which": {
        "where": "reason = 'amount'",
        "received_minor": "null",
    },
    "alarm_is_raised_once_until_it_clears": {},
    "alarm_condition_is_known": {"condition": "'mood'"},
    "alarm_clears_after_it_was_raised": {"cleared_at": "raised_at - interval '1 second'"},
    "review_once_per_charge_and_reason": {},
    "review_reason_is_known": {"reason": "'mood'"},
    "review_of_a_mismatch_says_what_differs": {"reason": "'mismatch'"},
    "review_closed_says_by_whom_and_how": {"closed_at": "now()"},
    "transaction_moves_money": {"amount_minor": "0"},
    "transaction_takes_back_a_charge": {"where": "kind = 'refund'", "charge_id": "null"},
    "transaction_taken_back_or_returned": {"where": "kind = 'refund'", "returned_at": "now()"},
    "transaction_taken_back_up_to_its_amount": {
        "where": "taken_back_minor > 0",
        "taken_back_minor": "amount_minor + 1",
    },
    "transaction_taken_back_was_paid": {
        "where": "taken_back_minor > 0",
        "taken_back_at": "null",
    },
    "transaction_extra_back_up_to_what_came": {
        "where": "kind = 'charge'",
        "extra_back_minor": "extra_minor + 1",
    },
    "transaction_extra_back_is_part_of_it": {
        "where": "kind = 'refund'",
        "extra_minor": "amount_minor + 1",
    },
    "owed_credits_are_some": {"credits": "0"},
    "owed_credits_lifted_up_to_all": {"lifted": "-1"},
    "owed_credits_open_until_lifted": {"where": "state = 'open'", "lifted": "credits"},
    "owed_credits_closed_by_whom_and_why": {"where": "state = 'open'", "state": "'waived'"},
    "owed_credits_off_a_bill_are_waived": {"where": "state = 'open'", "taking_id": "null"},
    "purchase_taken_back_up_to_its_total": {"taken_back_minor": "total_minor + 1"},
    "purchase_reversed_up_to_its_credits": {"reversed_credits": "credits + 1"},
    "transaction_settled_has_a_time": {"settled_at": "null", "where": "state = 'succeeded'"},
    "transaction_succeeded_has_a_reference": {"reference": "''", "where": "state = 'succeeded'"},
    "import_does_no_more_rows_than_it_has": {"rows_done": "rows_total + 1"},
    "invitation_open_once_per_email": {"token_hash": "'copy'", "email": "upper(email)"},
    "invitation_accepted_by_somebody": {"accepted_at": "now()"},
    "invitation_not_both_accepted_and_revoked": {
        "accepted_at": "now()",
        "accepted_by_id": "invited_by_id",
        "revoked_at": "now()",
    },
    "invitation_to_a_company_is_for_a_member": {
        "kind": "'staff'",
        "where": "company_id IS NOT NULL",
    },
    "invitation_kind_is_known": {"kind": "'guest'", "company_id": "null"},
    "join_request_open_once": {},
    "join_request_answered_has_a_time": {"state": "'accepted'"},
    "plan_on_offer_once": {"name": "upper(name)"},
    "plan_price_not_negative": {"price_minor": "-1"},
    "plan_discount_is_a_percentage": {"discount_percent": "101"},
    "plan_credits_not_negative": {"monthly_credits": "-1"},
    "plan_limits_claims_of_what_is_free": {"discount_percent": "99", "free_claims": "1"},
    "assignment_one_plan_at_a_time": {},
    "assignment_ends_after_it_starts": {"ends_on": "starts_on - 1"},
    "assignment_bill_is_for_somebody": {"bill_for": "'nobody'"},
    "purchase_buys_credits": {"credits": "0"},
    "purchase_total_is_net_and_tax": {"total_minor": EXPENSIVE, "where": "method <> 'free'"},
    "purchase_exempt_has_no_tax": {"where": "tax_minor > 0", "exemption": "'why'"},
    "purchase_costs_something_unless_free": {
        "where": "method = 'gateway'",
        "net_minor": "0",
        "tax_minor": "0",
        "total_minor": "0",
    },
    "purchase_discount_is_a_percentage": {"discount_percent": "101"},
    "purchase_by_gateway_has_its_charge": {"charge_id": "null", "where": "method = 'gateway'"},
    "purchase_on_the_bill_has_its_item": {"bill_item_id": "null", "where": "method = 'bill'"},
    "purchase_for_free_is_a_claim": {"claim_number": "0", "where": "method = 'free'"},
    "purchase_claim_once_per_number": {
        "where": "method = 'free'",
        "key": "gen_random_uuid()",
        "accrual_id": "null",
        "state": "'pending'",
        "completed_at": "null",
    },
    "purchase_completed_has_its_credits": {
        "where": "method = 'free'",
        "accrual_id": "null",
    },
    "purchase_paid_at_a_gateway_has_its_receipt": {
        "where": "state = 'completed' AND method = 'gateway'",
        "receipt_id": "null",
    },
    "purchase_completed_has_a_time": {"where": "state = 'completed'", "completed_at": "null"},
}

MODELS = {
    constraint.name: model
    for label in BOTTOM_UP
    for model in apps.get_app_config(label).get_models()
    for constraint in model._meta.constraints
}


@pytest.fixture
def rows(two_books):
    """The books, and a row of each kind that they have none of."""
    with scopes_disabled():
        place = Location.objects.get(pk=two_books[0]["location"])
        user = RoleFactory(location=place).user
        Transaction.objects.filter(bill__isnull=False, state="pending").update(automatic_try=0)
        Card.objects.filter(location=place).update(setup_reference=F("reference"))
        first = Card.objects.filter(location=place, state="kept").latest("pk")
        Card.objects.filter(pk=first.pk).update(is_default=True)
        LocationLogo.objects.create(location=place, png=b"png", digest="d", changed_at=now())
        key = make_api_key(
            location=place, name="Doors", scopes=["read"], token="dm", by=user, at=now()
        )
        ApiAnswer.objects.create(
            location=place, api_key=key, key="k", fingerprint="f", claimed_at=now()
        )
        asked = {"asked_by": user, "listing": "x", "form": "csv", "created_at": now()}
        Export.objects.create(**asked, state="running")
        done = Export.objects.create(**asked, state="done", finished_at=now())
        ExportPart.objects.create(export=done, position=0, content=b"part")
        UserFactory()
        CreditUse.objects.create(location=place, name="Meeting room", credits=1)
        JoinRequest.objects.create(location=place, user=user, created_at=now())
        MemberImport.objects.create(
            location=place, uploaded_by=user, content=b"", digest="d", created_at=now()
        )


@pytest.mark.parametrize("rule", REFUSED)
def test_the_database_refuses_the_row(rule, rows):
    with pytest.raises(IntegrityError, match=f'"{rule}"'):
        insert_copy(MODELS[rule], **REFUSED[rule])


def test_every_named_constraint_is_tried():
    assert set(MODELS) == set(REFUSED)


def insert_copy(model, *, where="true", **changes):
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    values = ", ".join(changes.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}"
            f" WHERE {where} ORDER BY id DESC LIMIT 1"
        )
        assert cursor.rowcount == 1, "no such row to copy"
