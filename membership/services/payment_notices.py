"""A payment by card or redirect that ended, or stuck, after its buyer had left the page."""

from datetime import datetime, timedelta

from notifications.models import Notification
from notifications.services import notify
from payments.models import Transaction

# The page asks by itself meanwhile and says what came of it: nobody needs to be told twice.
STILL_LOOKING = timedelta(minutes=2)


def tell_failed_purchase(charge_id: int, *, at: datetime) -> None:
    """Tell the buyer that nothing was charged, in the transaction that learns of it.

    Of what was never sent to a gateway, an order without a card or a transfer, nothing is said.
    """
    _tell(charge_id, needs_you=False, at=at)


def tell_purchase_needs_payer(charge_id: int, *, at: datetime) -> None:
    """Tell the buyer, once, that the bank wants the payment confirmed while it can be."""
    _tell(charge_id, needs_you=True, at=at)


def _tell(charge_id: int, *, needs_you: bool, at: datetime) -> None:
    charge = Transaction.objects.select_related("purchase", "customer", "location").get(
        pk=charge_id
    )
    if charge.submitted_at is None or at - charge.submitted_at < STILL_LOOKING:
        return
    notify(
        location=charge.location,
        user_ids=[charge.made_by_id],
        kind=Notification.Kind.PURCHASE_FAILED,
        facts={
            "purchase": str(charge.key),
            "credits": str(charge.purchase.credits),
            "company": charge.customer.company_name,
            "amount_minor": charge.amount_minor,
            "currency": charge.currency,
            "needs_you": needs_you,
        },
        key=f"purchase {'needs payer' if needs_you else 'failed'}:{charge.pk}",
        at=at,
    )
