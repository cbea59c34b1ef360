"""Who hears of money that goes back: the customer of their credits, the admins of the money."""

from datetime import datetime
from decimal import Decimal

from community.services.people import admins_of, users_of
from membership.models import Purchase
from notifications.models import Notification
from notifications.services import notify
from payments.gateways.protocol import Taking, TakingState
from payments.models import Transaction


def tell_customer(
    purchase: Purchase,
    *,
    credits: Decimal,
    owed: Decimal,
    balance: Decimal,
    reason: str,
    key: str,
    at: datetime,
    is_restored: bool = False,
) -> None:
    """Tell whose credits were reversed, and how many that were gone are owed; or restored."""
    kinds = Notification.Kind
    notify(
        location=purchase.location,
        user_ids=users_of(purchase.customer),
        kind=kinds.CREDITS_RESTORED if is_restored else kinds.CREDITS_REVERSED,
        facts={
            "credits": str(credits),
            "owed": str(owed) if owed else "",
            "balance": str(balance),
            "reason": reason,
            "company": purchase.customer.company_name,
            "company_id": purchase.customer.company_id,
        },
        key=key,
        at=at,
    )


def tell_admins(charge: Transaction, taking: Taking, *, at: datetime) -> None:
    """Tell the admins what a gateway reports of a charge's money, once."""
    customer = charge.customer
    notify(
        location=charge.location,
        user_ids=admins_of(charge.location),
        kind=Notification.Kind.MONEY_BACK,
        facts={
            "what": f"{taking.kind}_{taking.state}",
            "amount_minor": taking.amount_minor,
            "currency": taking.currency,
            "name": customer.name,
            "member_id": customer.member_id,
            "company_id": customer.company_id,
            "owes": _owes(charge, taking),
        },
        key=f"taking:{charge.connection_id}:{taking.reference}:{taking.state}"[:80],
        at=at,
    )


def _owes(charge: Transaction, taking: Taking) -> bool:
    """Whether some of the credits were gone, so that somebody must decide about them."""
    return (
        taking.state is TakingState.TAKEN
        and charge.takings.filter(reference=taking.reference, owed__isnull=False).exists()
    )
