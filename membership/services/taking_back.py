"""Credits of a purchase on a bill that is taken back: what is unspent goes, the rest is waived."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.models import User
from community.money import format_credits
from community.services.people import users_of
from credits.services.reversing import TakenBack, reverse_accrual, reversed_of
from membership.models import Purchase
from membership.services.owing import credits_owed, waive_used
from notifications.models import Notification
from notifications.services import notify


class CreditsAreSpent(ValidationError):
    """Spent credits stay on the bill, unless an admin waives them."""

    def __init__(self, taken: TakenBack) -> None:
        super().__init__(
            _(
                "%(owed)s of these credits are used already and stay on the bill."
                " Choose less, or waive what was used."
            ),
            code="credits_are_spent",
            params={"owed": format_credits(taken.owed)},
        )


class CreditWhole(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Credits that aren't added yet can only be credited as a whole."),
            code="credit_whole",
        )


def lock_purchases_of(item_ids: list[int]) -> dict[int, Purchase]:
    """Lock the purchases behind items, at their place: before the bill. By the item's id."""
    found = (
        Purchase.objects.filter(bill_item_id__in=item_ids)
        .select_for_update(no_key=True, of=("self",))
        .select_related("location", "customer__company", "customer__member", "accrual__wallet")
        .order_by("pk")
    )
    return {purchase.bill_item_id: purchase for purchase in found if purchase.bill_item_id}


def take_back(
    purchase: Purchase,
    *,
    part: int,
    waive_spent: bool,
    reason: str,
    key: str,
    by: User,
    at: datetime,
) -> None:
    """Reverse the credits of a locked purchase, up to a part of its total taken back in all.

    One that still awaits its payment is cancelled.

    :param part: how much of its total is taken back by now, in minor units
    :raises CreditsAreSpent: if some are used and that isn't waived
    :raises CreditWhole: if it awaits its payment and the part is not all
    """
    if purchase.accrual is None:
        if part != purchase.total_minor:
            raise CreditWhole
        purchase.state = Purchase.State.CANCELLED
        purchase.save(update_fields=["state"])
        return
    taken = reverse_accrual(
        accrual=purchase.accrual,
        part=part,
        whole=purchase.total_minor,
        owed=credits_owed(purchase),
        note=reason,
        key=f"{key}:{purchase.pk}",
        by=by,
        at=at,
    )
    if taken.owed and not waive_spent:
        raise CreditsAreSpent(taken)
    if taken.owed:
        waive_used(purchase, taken.owed, reason, by=by, at=at)
    purchase.taken_back_minor = part
    purchase.reversed_credits = reversed_of(purchase.accrual)
    purchase.save(update_fields=["taken_back_minor", "reversed_credits"])
    if taken.credits:
        _tell(purchase, taken, reason, key=f"{key}:{purchase.pk}", at=at)


def _tell(purchase: Purchase, taken: TakenBack, reason: str, *, key: str, at: datetime) -> None:
    notify(
        location=purchase.location,
        user_ids=users_of(purchase.customer),
        kind=Notification.Kind.CREDITS_DEDUCTED,
        facts={
            "credits": str(taken.credits),
            "balance": str(taken.balance),
            "reason": reason,
            "company": purchase.customer.company_name,
            "company_id": purchase.customer.company_id,
        },
        key=key,
        at=at,
    )
