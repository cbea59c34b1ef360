"""A payment that ended, or stuck, after its buyer had left the page."""

from datetime import datetime, timedelta

from membership.models import Purchase
from notifications.models import Notification
from notifications.services import notify
from payments.models import Transaction

# The page asks by itself meanwhile and says what came of it: nobody needs to be told twice.
STILL_LOOKING = timedelta(minutes=2)


def tell_failed_purchase(charge_id: int, *, at: datetime) -> None:
    """Tell the buyer that nothing was charged, in the transaction that learns of it.

    Of what was never sent to a gateway nothing is said, nor of a transfer that was cancelled. The
    money of one that did not come in time may be on its way: its buyer is told so.
    """
    charge = _find(charge_id)
    if charge.due_on is None:
        _tell(charge, "failed", at=at)
    elif charge.purchase.state == Purchase.State.EXPIRED:
        _tell(charge, "late", at=at, is_late=True)


def tell_purchase_needs_payer(charge_id: int, *, at: datetime) -> None:
    """Tell the buyer, once, that the bank wants the payment confirmed while it can be."""
    _tell(_find(charge_id), "needs payer", at=at, needs_you=True)


def _find(charge_id: int) -> Transaction:
    charge: Transaction = Transaction.objects.select_related(
        "purchase", "customer", "location"
    ).get(pk=charge_id)
    return charge


def _tell(
    charge: Transaction,
    what: str,
    *,
    at: datetime,
    needs_you: bool = False,
    is_late: bool = False,
) -> None:
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
            "is_late": is_late,
        },
        key=f"purchase {what}:{charge.pk}",
        at=at,
    )
