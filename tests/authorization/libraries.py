"""The routes that libraries bring: sign-in and what belongs to an account, and the admin."""

from functools import partial

from tests.authorization.rows import (
    LOGIN,
    PRINCIPALS,
    Row,
    answers,
    anyone,
    operators,
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

# 302: whoever changes these is asked for the password anew first.
SECOND_FACTORS = [
    library("mfa_index", GET=signed_in()),
    library("mfa_authenticate", GET=signed_in(302), POST=signed_in(302)),
    library("mfa_reauthenticate", GET=signed_in(302), POST=signed_in(302)),
    library("mfa_activate_totp", GET=signed_in(302), POST=signed_in(302)),
    library("mfa_deactivate_totp", GET=signed_in(404), POST=signed_in(404)),
    library("mfa_view_recovery_codes", GET=signed_in(404)),
    library("mfa_generate_recovery_codes", GET=signed_in(302), POST=signed_in(302)),
    library("mfa_download_recovery_codes", GET=signed_in(404)),
]

SESSIONS = [library("usersessions_list", GET=signed_in(), POST=signed_in(302))]


def operator(status: int = 200) -> dict[str, int | str]:
    """The admin is for the operator; everybody else is led to the sign-in."""
    return LED_TO_SIGN_IN | operators(status, **dict.fromkeys(PRINCIPALS[:-1], LOGIN))


ADMIN = [
    library("admin:index", GET=operator()),
    # The one sign-in page has the rate limits: this one only leads there.
    library("admin:login", GET=answers(302, "operator"), POST=answers(302, "operator")),
    library("admin:logout", POST=anyone(302, operator=200)),
    library("admin:password_change", GET=operator(302)),
    library("admin:password_change_done", GET=operator()),
    library("admin:autocomplete", GET=operator(403)),
    library("admin:jsi18n", GET=operator()),
    library(
        "admin:view_on_site",
        GET=operator(404),
        address={"content_type_id": "no-such-type", "object_id": "1"},
    ),
    library("admin:app_list", GET=operator(), address={"app_label": "credits"}),
    library("admin/(?P<url>.*)$", GET=operator(404)),
]

# Everything is read-only there, but for what is named.
ADMIN_MODELS = {
    "community_user": {"add", "change"},
    "community_role": {"add", "change", "delete"},
    "community_location": set(),
    "community_member": set(),
    "community_company": set(),
    "community_companymember": set(),
    "community_customer": set(),
    "community_auditrecord": set(),
    "notifications_notification": set(),
    "notifications_delivery": set(),
    "notifications_pushsubscription": set(),
    "analytics_revenueline": set(),
    "analytics_revenuemonth": set(),
    "credits_creditoption": set(),
    "credits_credituse": set(),
    "credits_wallet": set(),
    "credits_entry": set(),
    "credits_lot": set(),
    "credits_lotmovement": set(),
    "billing_receipt": set(),
    "billing_bill": set(),
    "billing_billingdetails": set(),
    "billing_billpayment": set(),
    "billing_creditnote": set(),
    "billing_documentcounter": set(),
    "billing_documentmail": set(),
    "payments_gatewayconnection": set(),
    "payments_card": set(),
    "payments_transaction": set(),
    "payments_gatewayevent": set(),
    "membership_plan": set(),
    "membership_planassignment": set(),
    "membership_purchase": set(),
}


def admin_rows(model: str, may: set[str]) -> list[Row]:
    def when(right: str) -> dict[str, int | str]:
        return operator(200 if right in may else 403)

    one = {"object_id": f"admin_{model}"}
    app, name = model.split("_")
    return [
        library(f"admin:{model}_changelist", GET=operator()),
        library(f"admin:{model}_add", GET=when("add"), POST=when("add")),
        library(f"admin:{model}_change", GET=operator(), POST=when("change"), address=one),
        library(f"admin:{model}_delete", GET=when("delete"), POST=when("delete"), address=one),
        library(f"admin:{model}_history", GET=operator(), address=one),
        library(f"admin/{app}/{name}/<path:object_id>/", GET=operator(302), address=one),
    ]


LIBRARIES = [
    *ACCOUNTS,
    *SECOND_FACTORS,
    *SESSIONS,
    *ADMIN,
    *(row for model, may in ADMIN_MODELS.items() for row in admin_rows(model, may)),
]
