"""A gateway's codes, or a refusal's own, in the words of whoever reads them."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community.money import format_money
from payments.gateways.protocol import REFUSED, KeyRefused
from payments.gateways.registry import KINDS
from payments.models import ReviewCase

MISMATCHES = {
    "money": _("Amount"),
    "livemode": _("Mode"),
    "reference": _("Reference"),
    "account": _("Account"),
}

REASONS = {
    "insufficient_funds": _("not enough funds"),
    "expired_card": _("the card has expired"),
    "incorrect_cvc": _("the security code is wrong"),
    "invalid_cvc": _("the security code is wrong"),
    "incorrect_number": _("the card number is wrong"),
    "invalid_number": _("the card number is wrong"),
    "invalid_expiry_month": _("the expiry date is wrong"),
    "invalid_expiry_year": _("the expiry date is wrong"),
    "lost_card": _("the bank has blocked the card"),
    "stolen_card": _("the bank has blocked the card"),
    "processing_error": _("the bank could not process it right now"),
    "authentication_required": _("the bank wants you to confirm the payment"),
    "payment_intent_authentication_failure": _("it was not confirmed with your bank"),
    "setup_intent_authentication_failure": _("it was not confirmed with your bank"),
    "canceled": _("it was not confirmed with your bank"),
    "cancelled_by_payer": _("the payer left before paying"),
    "card_not_entered": _("no card was entered"),
    "card_known": _("this card was entered before, so choose it or enter it anew"),
    "customer_gone": _("the payment service has no saved cards any more, so enter the card anew"),
    "abandoned": _("it was not finished in time"),
    "not_an_active_member": _("the membership is suspended"),
    "option_not_on_sale": _("the option is no longer on sale"),
    "quote_changed": _("the price changed before it was charged"),
    "method_not_open": _("card payments were closed"),
    "amount_too_small": _("the amount is below what the payment service takes"),
    "amount_too_large": _("the amount is above what the payment service takes"),
    "bill_changed": _("what was to pay changed before it was charged"),
    "not_their_bill": _("who paid had no part in the bill any more"),
    "auto_pay_ended": _("auto-pay was switched off or changed"),
    "never_arrived": _("the payment never reached the bank"),
    "failed_by_staff": _("the team has ended it"),
    "replaced": _("another payment was begun"),
    "not_in_time": _("the transfer didn't come in time"),
    "withdrawn": _("it was cancelled"),
    "bill_paid": _("the bill was paid already"),
    "bill_void": _("nothing is to pay of the bill any more"),
}


def page_of_payment(gateway: str, reference: str, *, live: bool) -> str:
    """Where the gateway shows a payment to its owner; nothing, if it has no such page."""
    if gateway != "stripe" or not reference:
        return ""
    return f"https://dashboard.stripe.com{'' if live else '/test'}/payments/{reference}"


def failure_reason(code: str) -> str:
    """Plain words for a failure code; the bank's own secret for any code not listed."""
    if words := known_reason(code):
        return words
    if was_refused(code):
        return gettext("the payment service did not take this payment")
    return gettext("the bank gave no reason")


def known_reason(code: str) -> str:
    """Plain words for a failure code; nothing for one that is not listed."""
    return str(REASONS.get(code.removeprefix(REFUSED), ""))


def was_refused(code: str) -> bool:
    """Whether the gateway refused the request itself, so that no bank was asked."""
    return code.startswith(REFUSED)


# Why a key can't be used, in the admin's words: what it is, and what to do. A kind of gateway
# may have words of its own beside these.
KEY_REFUSALS = {
    "key_unknown": _("%(gateway)s doesn't know this key. Copy it again, all of it."),
    "key_revoked": _("This key was revoked or has expired. Make a new one and paste it."),
    "permission_missing": _(
        "The key is not allowed all that is needed. Edit it at %(gateway)s, allow %(missing)s and"
        " save, then paste it again."
    ),
    "currency_not_supported": _(
        "This account can't charge in %(currency)s, the currency of this location. Use an account"
        " that can."
    ),
    "key_of_another_mode": _(
        "This key is of the other mode. To go from test mode to live or back, disconnect and"
        " connect again."
    ),
    "key_of_another_account": _(
        "This key is of another account. To change the account, disconnect and connect again."
    ),
}
# The same when a connected key is found to be bad later.
KEY_TROUBLES = {
    "key_unknown": _("%(gateway)s no longer knows the key. Paste another."),
    "key_revoked": _("The key was revoked or has expired. Paste a new one."),
    "permission_missing": _("The key lost a permission. Edit it at %(gateway)s, then send a test."),
}


def key_refusal(refusal: KeyRefused, *, gateway: str, currency: str) -> str:
    kind = KINDS[gateway]
    facts = {
        "gateway": kind.label,
        "missing": ", ".join(refusal.missing),
        "currency": currency,
    }
    return str((KEY_REFUSALS | dict(kind.key_refusals))[refusal.code]) % facts


def key_trouble(code: str, *, gateway: str) -> str:
    """Why a connected account could not be checked."""
    words = KEY_TROUBLES.get(code) or gettext("%(gateway)s refused the check (%(code)s).")
    return str(words) % {"gateway": KINDS[gateway].label, "code": code}


def mismatch_words(case: ReviewCase) -> list[str]:
    """What differs in a mismatch, a sentence for each."""
    expected, reported = case.expected, case.reported
    differing = [name for name in expected if expected[name] not in {"", reported.get(name)}]
    if "amount_minor" in differing or "currency" in differing:
        differing = ["money", *(it for it in differing if it not in {"amount_minor", "currency"})]
    return [
        gettext("%(what)s: asked for %(expected)s, reported %(reported)s")
        % {
            "what": MISMATCHES[name],
            "expected": _told(name, expected),
            "reported": _told(name, reported),
        }
        for name in differing
    ]


def _told(name: str, facts: dict[str, Any]) -> str:
    if name == "money":
        return format_money(facts["amount_minor"], facts["currency"])
    if name == "livemode":
        return gettext("live") if facts[name] else gettext("test")
    return str(facts[name])
