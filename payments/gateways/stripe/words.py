"""Why a key of Stripe can't be used, where the words for any gateway's don't do."""

from django.utils.translation import gettext_lazy as _

KEY_REFUSALS = {
    "not_publishable": _(
        "This is no publishable key of Stripe. Paste the one that begins with pk_test_ or pk_live_."
    ),
    "not_restricted": _(
        "This is no restricted key of Stripe. Paste one that begins with rk_test_ or rk_live_."
    ),
    "secret_in_live_mode": _(
        "A live secret key may do everything with the account, so it is not taken. Make a"
        " restricted key (rk_live_…) and paste that."
    ),
    "keys_of_two_modes": _(
        "One key is live, the other is for test mode. Paste two of the same mode."
    ),
    "keys_of_two_accounts": _(
        "This publishable key is not of the restricted key's account. Copy both from the same"
        " account."
    ),
}
