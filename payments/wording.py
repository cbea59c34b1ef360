"""Why a payment failed, in the payer's words. Codes are the gateway's or a refusal's own."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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
    "card_not_entered": _("no card was entered"),
    "abandoned": _("it was not finished in time"),
    "not_an_active_member": _("the membership is suspended"),
    "option_not_on_sale": _("the option is no longer on sale"),
    "quote_changed": _("the price changed before it was charged"),
    "method_not_open": _("card payments were closed"),
    "replaced": _("another payment was begun"),
    "bill_paid": _("the bill was paid already"),
    "bill_void": _("nothing is to pay of the bill any more"),
}


def failure_reason(code: str) -> str:
    """Plain words for a failure code; the bank's own secret for any code not listed."""
    return str(REASONS.get(code) or gettext("the bank gave no reason"))
