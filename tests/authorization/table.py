"""Who may do what: every route, by method, with what each principal is answered.

Read a row as a sentence: `Row("community:members", GET=staff())` - the members' page is for the
location's staff and admins (200), everybody else is refused (403), the anonymous are led to the
sign-in. Groups take the status that their people get; single people may differ by name:
`members(302, suspended=403)`. What a row does not name is refused with 405.

Rows about an object are asked for one's own, for a colleague's where it belongs to a member, and
for another location's. What is allowed for one's own is 404 for the others, unless said.
"""

from tests.authorization.rows import SAME, Row, admins, anyone, insiders, members, signed_in, staff

STAFF_SEES_ALL = {"staff": 200, "admin": 200}

OUTSIDE = [
    Row("/livez", GET=anyone(), POST=anyone(), library=True),
    Row("metrics", GET=anyone()),  # from this machine
    Row("/readyz", GET=anyone(), POST=anyone(), library=True),
    Row(
        "choose_location",
        GET=signed_in(member=302, suspended=302, staff=302, admin=302, other_admin=302),
    ),
    Row("setup", GET=anyone(404), POST=anyone(404), address={"token": "not-a-token"}),
    # The token is the right: tests/membership/test_invitations.py has the real ones.
    Row("invitation", GET=anyone(404), POST=anyone(404), address={"token": "no-such-token"}),
    Row("ask_to_join", POST=signed_in(302), send={"message": "Hello"}),
    Row("withdraw_request", POST=signed_in(302)),
    # A logo is public: mails and documents show it.
    Row("logo", GET=anyone(404), address={"digest": "no-such-logo"}),
    Row("account_profile", GET=signed_in(), POST=signed_in()),
    # Before the library's own, at the same address.
    Row("email_addresses", GET=signed_in(), POST=signed_in(302)),
    Row("service_worker", GET=anyone()),
    Row("manifest", GET=anyone()),
    # The token is the right: tests/notifications/test_preferences.py has the real ones.
    Row("unsubscribe", GET=anyone(404), POST=anyone(404), address={"token": "not-a-token"}),
    Row("account_theme", POST=signed_in(302), send={"theme": "dark"}),
    # Without the gateway's signature: tests/payments/test_receive_event.py has the signed ones.
    Row(
        "payments:webhook", POST=anyone(400), address={"key": "connection_key"}, foreign=anyone(400)
    ),
]

A_TRANSFER = {"address": {"key": "transfer_key"}, "colleagues": {"admin": 200}}
A_TRANSFER_TO_CANCEL = A_TRANSFER | {"colleagues": {"admin": 302}}
PLAN = {"plan_id": "archived_plan_id"}
A_MONTH = {"month": "2026-11"}
ANALYTICS = [
    Row("analytics:revenue", GET=admins()),
    Row("analytics:revenue_file", GET=admins(), address={"form": "csv"}),
    Row("analytics:lines", GET=admins(), address=A_MONTH),
    Row("analytics:lines_file", GET=admins(), address={**A_MONTH, "form": "csv"}),
]
COMMUNITY = [
    Row("community:home", GET=insiders()),
    Row("community:members", GET=staff()),
    Row("community:member", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:member_credits", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:member_payments", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:companies", GET=staff()),
    Row("community:add_company", GET=admins(), POST=admins()),
    Row("community:company", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:company_credits", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:company_payments", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:give_company_credits", POST=admins(), colleagues={"admin": 200}),
    Row("community:deduct_company_credits", POST=admins(), colleagues={"admin": 200}),
    Row("community:rename_company", POST=admins(), colleagues={"admin": 200}),
    Row("community:close_company", GET=admins(), POST=admins(302), colleagues={"admin": SAME}),
    Row("community:reopen_company", POST=admins(302), colleagues={"admin": 302}),
    Row("community:add_company_member", POST=admins(), colleagues={"admin": 200}),
    Row("community:change_company_role", POST=admins(302), colleagues={"admin": 302}),
    Row("community:remove_company_member", POST=admins(302), colleagues={"admin": 302}),
    Row("community:become_member", POST=staff(302)),
    Row("community:former", GET=insiders(302, left=200)),
    Row("community:give_credits", POST=admins(), colleagues={"admin": 200}),
    Row("community:deduct_credits", POST=admins(), colleagues={"admin": 200}),
    Row("community:suspend_member", GET=admins(), POST=admins(), colleagues={"admin": 200}),
    Row("community:reactivate_member", POST=admins(302), colleagues={"admin": 302}),
    Row("community:remove_member", GET=admins(), POST=admins(), colleagues={"admin": 200}),
    Row("community:bills", GET=staff()),
    Row("community:bills_csv", GET=staff()),
    Row("community:member_bills", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:company_bills", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row(
        "community:member_details",
        GET=staff(),
        POST=admins(),
        colleagues={"staff": SAME, "admin": SAME},
    ),
    Row(
        "community:company_details",
        GET=staff(),
        POST=admins(),
        colleagues={"staff": SAME, "admin": SAME},
    ),
    Row("community:open_member_bill", POST=admins(302), colleagues={"admin": 302}),
    Row("community:open_company_bill", POST=admins(302), colleagues={"admin": 302}),
    Row("community:bill", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:add_bill_item", POST=admins(), colleagues={"admin": 200}),
    Row("community:remove_bill_item", GET=admins(), POST=admins(), colleagues={"admin": 200}),
    Row("community:issue_bill", POST=admins(302), colleagues={"admin": 302}),
    Row("community:mark_bill_paid", POST=admins(), colleagues={"admin": 200}),
    Row(
        "community:credit_bill",
        GET=admins(),
        POST=admins(),
        address={"bill_id": "issued_bill_id"},
        colleagues={"admin": 200},
    ),
    Row("community:open_bill", GET=admins()),
    Row(
        "community:send_bill",
        POST=admins(302),
        address={"bill_id": "issued_bill_id"},
        colleagues={"admin": 302},
    ),
    Row("community:send_receipt", POST=admins(302), colleagues={"admin": 302}),
    Row(
        "community:send_credit_note",
        POST=admins(302),
        address={"number": "note_number"},
        colleagues={"admin": 302},
    ),
    Row("community:purchase", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:transfers", GET=staff()),
    Row("community:transfer", GET=admins(), POST=admins(), **A_TRANSFER),
    Row("community:cancel_transfer", POST=admins(302), **A_TRANSFER_TO_CANCEL),
    Row("community:reviews", GET=staff()),
    Row("community:refund", GET=admins(), POST=admins(), colleagues={"admin": 200}),
    Row("community:owed", GET=staff()),
    Row("community:settle_owed", POST=admins()),
    Row("community:waive_owed", POST=admins()),
    Row("community:close_review", POST=admins()),
    Row("community:settle_review", POST=admins(), address={"case_id": "mismatch_id"}),
    Row("community:fail_review", POST=admins(), address={"case_id": "mismatch_id"}),
    Row("community:join_requests", GET=staff()),
    Row("community:accept_request", POST=admins(302)),
    Row("community:decline_request", POST=admins(302)),
    Row("community:invitations", GET=staff()),
    Row("community:invite", GET=admins(), POST=admins()),
    Row("community:resend_invitation", POST=admins(302)),
    Row("community:revoke_invitation", POST=admins(302)),
    Row("community:invitation_link", POST=admins()),
    Row("community:imports", GET=admins(), POST=admins()),
    Row("community:import", GET=admins(), POST=admins()),
    Row("community:start_import", POST=admins(302)),
    Row("community:import_status", GET=admins()),
    Row("community:discard_import", POST=admins(302)),
    Row("community:exports", GET=admins()),
    Row("community:export", GET=admins(), address={"what": "members", "form": "csv"}),
    Row("community:plans", GET=staff()),
    Row("community:add_plan", GET=admins(), POST=admins()),
    Row("community:edit_plan", GET=admins(), POST=admins()),
    Row("community:archive_plan", POST=admins(302), address=PLAN),
    Row("community:bring_back_plan", POST=admins(302), address=PLAN),
    Row("community:member_plan", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:company_plan", GET=staff(), colleagues=STAFF_SEES_ALL),
    Row("community:assign_plan", POST=admins(), colleagues={"admin": 200}),
    Row("community:replace_plan", GET=admins(), POST=admins(), colleagues={"admin": 200}),
    Row("community:end_plan", GET=admins(), POST=admins(), colleagues={"admin": 200}),
    Row("community:bill_permission", GET=admins(), POST=admins(302)),
    Row("community:withdraw_plan", POST=admins(302)),
    Row("community:credit_options", GET=staff()),
    Row("community:add_credit_option", GET=admins(), POST=admins()),
    Row("community:edit_credit_option", GET=admins(), POST=admins()),
    Row("community:archive_credit_option", POST=admins(302)),
    Row("community:bring_back_credit_option", POST=admins(302)),
    Row("community:move_credit_option", POST=admins(302), send={"to": 0}),
]

TEAM = {"invitation_id": "team_invitation_id"}
SETTINGS = [
    Row("community:settings", GET=admins(302)),
    Row("community:settings_location", GET=admins(), POST=admins()),
    Row("community:confirm_location", POST=admins(302)),
    Row("community:change_logo", POST=admins()),
    Row("community:remove_logo", POST=admins(302)),
    Row("community:add_credit_use", GET=admins(), POST=admins()),
    Row("community:edit_credit_use", GET=admins(), POST=admins()),
    Row("community:remove_credit_use", POST=admins(302)),
    Row("community:move_credit_use", POST=admins(302), send={"to": 0}),
    Row("community:settings_billing", GET=admins(), POST=admins()),
    Row("community:settings_tax", GET=admins(), POST=admins()),
    Row("community:confirm_tax", POST=admins(302)),
    Row("community:settings_team", GET=admins(), POST=admins()),
    Row("community:change_role", GET=admins(), POST=admins()),
    Row("community:remove_from_team", GET=admins(), POST=admins(302)),
    Row("community:resend_team_invitation", POST=admins(302), address=TEAM),
    Row("community:revoke_team_invitation", POST=admins(302), address=TEAM),
    Row("community:link_team_invitation", POST=admins(), address=TEAM),
    Row("community:settings_credit_policy", GET=admins(), POST=admins()),
    Row("community:settings_notifications", GET=admins(), POST=admins()),
    Row("community:settings_deliveries", GET=admins()),
    Row("community:settings_payments", GET=admins()),
    Row("community:move_gateway", POST=admins(302), send={"to": 0}),
    Row("community:disconnect_gateway", POST=admins(302)),
    Row("community:settings_bank_transfer", GET=admins(), POST=admins()),
    Row("community:settings_stripe", GET=admins(), POST=admins()),
    Row("community:test_stripe", POST=admins(302)),
    Row("community:stripe_health", GET=admins()),
    Row("community:settings_gateway", GET=admins(), POST=admins()),
    Row("community:test_gateway", POST=admins(302)),
    Row("community:gateway_health", GET=admins()),
]

# Whose company it isn't, suspended or not, doesn't see that it is there.
HIDDEN = {"colleagues": {"suspended": 404}, "foreign": {"suspended": 404}}
OF_A_BILL = {"bill_id": "due_bill_id", "key": "bill_charge_key"}
COMPANY_CARD = {"card_id": "company_card_id"}
OF_THE_COMPANY = {"invitation_id": "company_invitation_id"}
MEMBERSHIP = [
    Row("membership:home", GET=members(302)),
    Row("membership:credits", GET=members()),
    Row("membership:credit_transactions", GET=members()),
    Row("membership:credit_transactions_csv", GET=members()),
    # The suspended are led back to their credits, where the reason stands.
    Row("membership:checkout", GET=members(suspended=302), POST=members(302)),
    Row("membership:purchase", GET=members()),
    Row("membership:purchase_status", GET=members()),
    Row("membership:confirm_purchase", POST=members(302), address={"key": "pending_key"}),
    Row("membership:cancel_transfer", POST=members(302), address={"key": "transfer_key"}),
    Row("membership:payment_back", GET=members(302, left=302)),
    Row("membership:payments", GET=members()),
    Row("membership:remove_card", POST=members(302)),
    Row("membership:add_card", GET=members(suspended=403), POST=members(302, suspended=403)),
    Row("membership:confirm_card", POST=members(302)),
    Row("membership:make_card_default", POST=members(302)),
    Row(
        "membership:company_add_card",
        GET=members(suspended=403),
        POST=members(302, suspended=403),
        **HIDDEN,
    ),
    Row("membership:company_confirm_card", POST=members(302), address=COMPANY_CARD),
    Row("membership:make_company_card_default", POST=members(302), address=COMPANY_CARD),
    # The company is one's own to manage; the suspended only look.
    Row("membership:company_people", GET=members()),
    Row("membership:invite_to_company", POST=members(suspended=403), **HIDDEN),
    Row("membership:change_company_role", POST=members(302, suspended=403), **HIDDEN),
    Row("membership:remove_from_company", POST=members(302, suspended=403), **HIDDEN),
    Row(
        "membership:resend_company_invitation",
        POST=members(302, suspended=403),
        address=OF_THE_COMPANY,
        **HIDDEN,
    ),
    Row(
        "membership:revoke_company_invitation",
        POST=members(302, suspended=403),
        address=OF_THE_COMPANY,
        **HIDDEN,
    ),
    Row("membership:company_credits", GET=members()),
    Row("membership:company_credit_transactions", GET=members()),
    Row("membership:company_credit_transactions_csv", GET=members()),
    Row("membership:company_checkout", GET=members(suspended=302), POST=members(302)),
    Row("membership:company_payments", GET=members()),
    Row("membership:permit_company_money", POST=members(302, suspended=403), **HIDDEN),
    Row(
        "membership:remove_company_card",
        POST=members(302),
        address=COMPANY_CARD,
    ),
    # Who manages a company does not leave it without one.
    Row("membership:leave", GET=members(), POST=members()),
    Row("membership:bills", GET=members(left=200)),
    Row("membership:bill", GET=members(left=200)),
    Row(
        "membership:bill_pdf",
        GET=insiders(left=200),
        address={"bill_id": "issued_bill_id"},
        colleagues=STAFF_SEES_ALL,
    ),
    Row("membership:company_bills", GET=members()),
    # Also after leaving: what was used is paid.
    Row(
        "membership:pay_bill",
        GET=members(left=200),
        POST=members(302, left=302),
        address={"bill_id": "due_bill_id"},
    ),
    Row("membership:bill_payment", GET=members(left=200), address=OF_A_BILL),
    Row("membership:bill_payment_status", GET=members(left=200), address=OF_A_BILL),
    Row("membership:confirm_bill_payment", POST=members(302, left=302), address=OF_A_BILL),
    Row("membership:auto_pay", POST=members(302)),
    Row("membership:company_auto_pay", POST=members(302)),
    Row("membership:billing_details", GET=members(), POST=members()),
    Row(
        "membership:company_billing_details",
        GET=members(),
        POST=members(suspended=403),
        **HIDDEN,
    ),
    Row(
        "membership:credit_note",
        GET=insiders(left=200),
        address={"number": "note_number"},
        colleagues=STAFF_SEES_ALL,
    ),
    Row(
        "membership:credit_note_pdf",
        GET=insiders(left=200),
        address={"number": "note_number"},
        colleagues=STAFF_SEES_ALL,
    ),
    # Those who left keep their own documents.
    Row("membership:receipt", GET=insiders(left=200), colleagues=STAFF_SEES_ALL),
    Row("membership:receipt_pdf", GET=insiders(left=200), colleagues=STAFF_SEES_ALL),
]

AN_ENDPOINT = {"endpoint": "https://fcm.googleapis.com/fcm/send/device"}
A_DEVICE = {**AN_ENDPOINT, "p256dh": "B" + "A" * 86, "auth": "A" * 22}
NOTIFICATIONS = [
    Row("notifications:list", GET=insiders()),
    Row("notifications:menu", GET=insiders()),
    Row("notifications:read", POST=insiders(302)),
    Row("notifications:unread", GET=insiders()),
    Row("notifications:preferences", GET=insiders(), POST=insiders()),
    Row("notifications:subscribe", POST=insiders(204), send=A_DEVICE),
    Row("notifications:unsubscribe_device", POST=insiders(204), send=AN_ENDPOINT),
    Row("notifications:refresh_device", POST=insiders(), send=AN_ENDPOINT),
]

TABLE = [*OUTSIDE, *ANALYTICS, *COMMUNITY, *SETTINGS, *MEMBERSHIP, *NOTIFICATIONS]
