from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Member
from community.money import format_credits
from credits.models import Entry, Wallet

HUNDREDTH = Decimal("0.01")


class KeyUsedDifferently(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This idempotency key was used for another movement."), code="key_used_differently"
        )


class InsufficientCredits(ValidationError):
    def __init__(self, *, needed: Decimal, available: Decimal) -> None:
        super().__init__(
            _("This needs %(needed)s credits and you have %(available)s."),
            code="insufficient_credits",
            params={"needed": format_credits(needed), "available": format_credits(available)},
        )
        self.facts = {"needed": str(needed), "available": str(available)}


class CreditsLocked(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("The member isn't active or the company is closed, so nothing can be spent now."),
            code="credits_locked",
        )


def check_may_spend(customer: Customer) -> None:
    """Credits stay on record for who is suspended or has left, but can't be spent meanwhile.

    :raises CreditsLocked: for those, and for a company that is closed
    """
    if customer.company:
        is_open = customer.company.is_open
    else:
        assert customer.member
        is_open = customer.member.state == Member.State.ACTIVE
    if not is_open:
        raise CreditsLocked


def is_movable(credits: Decimal) -> bool:
    """Whether a wallet can move this: above 0, with at most two places. It keeps no more."""
    return credits > 0 and credits == credits.quantize(HUNDREDTH)


def lock_wallet(customer: Customer) -> Wallet:
    """Lock the customer's wallet until the transaction ends, making it if need be."""
    # A row just created is locked by its own insert, so a first movement races safely too.
    wallet, _made = Wallet.objects.select_for_update(no_key=True).get_or_create(
        customer=customer, defaults={"location_id": customer.location_id}
    )
    return wallet


def replayed(wallet: Wallet, *, key: str, credits: Decimal) -> Entry | None:
    """The entry that this key already made.

    :raises KeyUsedDifferently: if the key moved another number of credits
    """
    entry = Entry.objects.filter(wallet=wallet, idempotency_key=key).first()
    if entry and entry.credits != credits:
        raise KeyUsedDifferently
    return entry
