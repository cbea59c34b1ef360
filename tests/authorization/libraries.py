"""The routes that libraries bring: sign-in and what belongs to an account, and the admin."""

from functools import partial

from tests.authorization.rows import (
    LOGIN,
    PRINCIPALS,
    Answers,
    Row,
    answers,
    anyone,
    signed_in,
)


def only_anonymous(status: int = 200) -> dict[str, int | str]:
    """Who is signed in already is led home."""
    return answers(302, *PRINCIPALS[1:], anonymous=status)


library = partial(Row, library=True)
LED_TO_SIGN_IN = answers(0, **dict.fromkeys(PRINCIPALS, LOGIN))

ACCOUNTS = [
    library("account_login", GET=only_anonymous(), POST=only_anonymous()),
    library("account_logout", GET=signed_in(), POST=LED_TO_SIGN_IN),
    library("account_inactive", GET=anyone()),
    library("account_signup", GET=only_anonymous(), POST=only_anonymous()),
    library("account_reauthenticate", GET=signed_in(), POST=signed_in()),
    library("account_email", GET=signed_in(), POST=signed_in(302)),
    library("account_email_verification_sent", GET=anyone()),
    library("account_change_password", GET=signed_in(), POST=signed_in()),
    library("account_set_password", GET=signed_in(302), POST=signed_in(302)),
    library("account_reset_password", GET=anyone(), POST=anyone()),
    library("account_reset_password_done", GET=anyone()),
    # Neither link was sent by us.
    library(
        "account_reset_password_from_key",
        GET=anyone(),
        POST=anyone(),
        address={"uidb36": "1", "key": "no-such-key"},
    ),
    library("account_reset_password_from_key_done", GET=anyone()),
    library(
        "account_confirm_email", GET=anyone(), POST=anyone(404), address={"key": "no-such-key"}
    ),
    library("account_confirm_login_code", GET=signed_in(302), POST=signed_in(302)),
]

DESK = ("operator", "staff", "admin", "other_admin")


def with_one(status: int, others: int) -> Answers:
    """Who has a second factor is answered with the first, others with the second."""
    return signed_in(others, **dict.fromkeys(DESK, status))


# 302: whoever changes these is asked for the password anew first.
SECOND_FACTORS = [
    library("mfa_index", GET=signed_in()),
    library("mfa_authenticate", GET=signed_in(302), POST=signed_in(302)),
    library("mfa_reauthenticate", GET=with_one(200, 302), POST=with_one(200, 302)),
    library("mfa_activate_totp", GET=signed_in(302), POST=signed_in(302)),
    library("mfa_deactivate_totp", GET=with_one(302, 404), POST=with_one(302, 404)),
    library("mfa_view_recovery_codes", GET=signed_in(404)),
    library("mfa_generate_recovery_codes", GET=signed_in(302), POST=signed_in(302)),
    library("mfa_download_recovery_codes", GET=signed_in(404)),
]

SESSIONS = [library("usersessions_list", GET=signed_in(), POST=signed_in(302))]


def desk(status: int = 200, *, team: int | None = None, elsewhere: int | None = None) -> Answers:
    """The admin is for the operator and the teams of locations; others are led to the sign-in.

    `team` is what a location's team is answered where that differs, `elsewhere` another's admin.
    """
    here = status if team is None else team
    return {
        **dict.fromkeys(PRINCIPALS, LOGIN),
        "operator": status,
        **dict.fromkeys(("staff", "admin"), here),
        "other_admin": here if elsewhere is None else elsewhere,
    }


ADMIN = [
    library("admin:index", GET=desk()),
    library("admin:search", GET=desk()),
    # The one sign-in page has the rate limits: this one only leads there.
    library("admin:login", GET=answers(302, *DESK), POST=answers(302, *DESK)),
    library("admin:logout", POST=anyone(302, **dict.fromkeys(DESK, 200))),
    library("admin:password_change", GET=desk(302)),
    library("admin:password_change_done", GET=desk()),
    library("admin:autocomplete", GET=desk(403)),
    library("admin:jsi18n", GET=desk()),
    library(
        "admin:view_on_site",
        GET=desk(404),
        address={"content_type_id": "no-such-type", "object_id": "1"},
    ),
    library("admin:app_list", GET=desk(), address={"app_label": "credits"}),
    library("admin/(?P<url>.*)$", GET=desk(404)),
    Row("admin:files", GET=desk()),
    Row("admin:file", GET=desk(404) | {"admin": 200}),  # the admin asked for it
]

# Everything is read-only there, but for what is named.
EDITED = {
    "community_user": {"add", "change"},
    "community_role": {"add", "change", "delete"},
}
# What a location's team sees, of their own.
TEAMS = (
    *("community_member", "community_company", "community_companymember", "community_customer"),
    *("community_auditrecord", "credits_creditoption", "credits_wallet", "credits_entry"),
    *("credits_lot", "billing_receipt", "billing_bill", "billing_billpayment"),
    *("billing_creditnote", "payments_transaction", "payments_gatewayevent"),
    *("payments_reviewcase", "membership_plan", "membership_planassignment"),
    *("membership_purchase", "membership_owedcredits"),
)
OPERATORS = (
    *("community_user", "community_role", "community_location"),
    *("notifications_notification", "analytics_revenueline", "analytics_revenuemonth"),
    *("credits_credituse", "credits_lotmovement", "billing_billingdetails"),
    *("billing_documentcounter", "billing_documentmail", "payments_gatewayconnection"),
    *("payments_card", "notifications_delivery", "notifications_pushsubscription"),
)
# No row of these comes about in the world of the tests: it leads back to the index.
ABSENT = ("notifications_delivery", "notifications_pushsubscription")
# Without a location there is nobody to keep that they were taken away.
TAKEN_BY_NOBODY = ("notifications_pushsubscription",)
# Acts with what the page of the first row answers: 302 where it can't be done to it.
ACTS = {
    "community_customer": {"give": 200, "deduct": 200},
    "community_member": {"suspend": 200, "reactivate": 302, "remove": 200},
    "community_company": {"rename": 200, "put-in": 200, "close": 200, "reopen": 302},
    "community_companymember": {"role": 200, "take-out": 200},
    "credits_creditoption": {"edit": 200, "archive": 200, "bring-back": 302},
    "membership_plan": {"edit": 200, "archive": 200, "bring-back": 302},
    "billing_bill": {"issue": 302, "mark-paid": 302, "credit": 200, "send-again": 200},
    "billing_receipt": {"send-again": 200},
    "billing_creditnote": {"send-again": 200},
    "payments_gatewayevent": {"retry": 302},
    "membership_owedcredits": {"settle": 200, "waive": 200},
    "payments_reviewcase": {"settle": 302, "fail": 302, "close": 200},
}


def admin_rows(model: str) -> list[Row]:
    team = None if model in TEAMS else 403
    may = EDITED.get(model, set())

    def when(right: str) -> Answers:
        return desk(200 if right in may else 403, team=403)

    one = {"object_id": f"admin_{model}"}
    app, name = model.split("_")
    # What isn't theirs leads back to the index, as the admin does with what isn't there.
    gone = 302 if team is None else None
    rows = [
        library(f"admin:{model}_changelist", GET=desk(team=team)),
        library(f"admin:{model}_add", GET=when("add"), POST=when("add")),
        library(
            f"admin:{model}_change",
            GET=desk(302 if model in ABSENT else 200, team=team, elsewhere=gone),
            POST=when("change"),
            address=one,
        ),
        library(f"admin:{model}_delete", GET=when("delete"), POST=when("delete"), address=one),
        library(
            f"admin:{model}_history",
            # What is only acted on has its history in the audit, which is where it leads.
            GET=desk(200 if may else 302, team=team, elsewhere=gone),
            address=one,
        ),
        library(f"admin/{app}/{name}/<path:object_id>/", GET=desk(302), address=one),
    ]
    if not may:
        export = {"form": "csv"}
        refused = None if team is None else 404
        answered = desk(404) if model in TAKEN_BY_NOBODY else desk(team=refused)
        rows.append(library(f"admin:{model}_export", GET=answered, POST=answered, address=export))
    at = {"pk": f"admin_{model}"}
    for act, status in ACTS.get(model, {}).items():
        answered = desk(status, elsewhere=404)
        rows.append(library(f"admin:{model}_{act}", GET=answered, POST=answered, address=at))
    return rows


LIBRARIES = [
    *ACCOUNTS,
    *SECOND_FACTORS,
    *SESSIONS,
    *ADMIN,
    *(row for model in (*TEAMS, *OPERATORS) for row in admin_rows(model)),
]
