from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import DecimalField, ExpressionWrapper, F, Q, Sum

from community.money import round_half_up
from credits.models import Entry, Hold, Lot, Wallet
from credits.models.ledger import ADDED_WITHOUT_SALE


@dataclass(frozen=True)
class NextLapse:
    """The credits of one customer that lapse soonest, all at one moment."""

    credits: Decimal
    lapses_at: datetime


def next_lapse(*, customer_id: int) -> NextLapse | None:
    """What lapses next, without what is held; None if nothing ever does."""
    soonest = (
        Lot.objects.filter(wallet__customer_id=customer_id, lapses_at__isnull=False)
        .with_free_credits()
        .values("lapses_at")
        .annotate(left=Sum(F("remaining") - F("held")))
        .order_by("lapses_at")
        .first()
    )
    return NextLapse(soonest["left"], soonest["lapses_at"]) if soonest else None


@dataclass(frozen=True)
class WalletView:
    """A customer's credits at a moment: nothing, before their first."""

    customer_id: int
    balance: Decimal
    held: Decimal
    as_of: datetime

    @property
    def available(self) -> Decimal:
        return self.balance - self.held


def look_at_wallet(*, customer_id: int, then: datetime | None, at: datetime) -> WalletView:
    """What a customer has now, or had at a time before.

    :param then: None: now
    """
    if then is None or then >= at:
        wallet = Wallet.objects.filter(customer_id=customer_id).first() or Wallet()
        return WalletView(customer_id, wallet.balance, wallet.held, at)
    last = (
        Entry.objects.filter(wallet__customer_id=customer_id, happened_at__lte=then)
        .order_by("-position")
        .first()
    )
    open_then = Q(closed_at=None) | Q(closed_at__gt=then)
    holds = Hold.objects.filter(open_then, wallet__customer_id=customer_id, created_at__lte=then)
    held = holds.aggregate(total=Sum("parts__credits"))["total"]
    balance = last.balance_after if last else Decimal(0)
    return WalletView(customer_id, balance, held or Decimal(0), then)


@dataclass(frozen=True)
class Deferred:
    """Credits that were sold and are not spent, and their net price in minor units."""

    credits: Decimal
    net_minor: int


def deferred_revenue(*, location_id: int) -> Deferred:
    """What was paid for and is still owed in credits: of each paid lot the share that is left."""
    worth = ExpressionWrapper(
        F("paid_minor") * F("remaining") / F("credits"),
        output_field=DecimalField(max_digits=30, decimal_places=10),
    )
    held = Lot.objects.filter(location_id=location_id).not_empty().paid()
    sums = held.aggregate(left=Sum("remaining"), worth=Sum(worth))
    return Deferred(sums["left"] or Decimal(0), round_half_up(sums["worth"] or Decimal(0)))


def credits_without_sale(
    *, location_id: int, from_: datetime, until: datetime
) -> dict[str, Decimal]:
    """The credits that were given, imported and came with plans in a time, by reason."""
    added = Entry.objects.filter(
        location_id=location_id,
        reason__in=ADDED_WITHOUT_SALE,
        happened_at__gte=from_,
        happened_at__lt=until,
    )
    return dict(added.values_list("reason").annotate(Sum("credits")).order_by("reason"))
