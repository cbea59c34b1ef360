"""Money that goes back: credits reversed, what was spent owed, documents and revenue corrected.

All of it follows from how much of a charge is taken back at present, so that reports may come
in any order and more than once.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from analytics.models import Source
from analytics.services import record_revenue
from billing.models import Bill, CreditNote
from billing.services import credit_receipt, lock_bill, move_bill_payment, send_bill_again
from community.models import User
from community.money import format_money
from credits.services.reversing import (
    NONE,
    part_of_credits,
    restore_accrual,
    reverse_accrual,
    reversed_of,
)
from membership.models import OwedCredits, Purchase
from membership.services.owing import credits_owed
from membership.services.periods import local_day
from membership.services.refund_notices import tell_admins, tell_customer
from payments.gateways.protocol import Taking, TakingKind, TakingState
from payments.models import ReviewCase, Transaction
from payments.services.reviewing import open_review
from payments.services.takings import (
    Moved,
    book_taking,
    find_taking,
    fits,
    have_taking_reviewed,
    lock_charge,
    takings_under_review,
)


@dataclass(frozen=True)
class Cause:
    """Why credits move: a refund or dispute, in the location's words, once per key."""

    taking: Transaction
    words: str
    key: str
    by: User | None
    at: datetime
    happened_at: datetime


@transaction.atomic
def follow_taking(*, charge_id: int, taking: Taking, at: datetime) -> bool:
    """Do what a gateway's report of a refund or dispute asks for, once; safe in any order.

    The charge has succeeded. What does not fit it changes nothing and is for staff to review:
    False.
    """
    charge = lock_charge(charge_id)
    assert charge.state == Transaction.State.SUCCEEDED
    known = find_taking(charge, taking)
    if not fits(charge, taking, known):
        have_taking_reviewed(charge, taking, at=at)
        return False
    if taking.state is TakingState.ASKED:
        if taking.kind is TakingKind.DISPUTE and known is None:
            tell_admins(charge, taking, at=at)
        return True
    moved = book_taking(charge, taking, known, at=at)
    if moved is None:
        return True
    _follow_report(charge, taking, moved, at=at)
    if moved.has_returned:
        _follow_what_fits_now(charge, at=at)
    return True


def _follow_report(charge: Transaction, taking: Taking, moved: Moved, *, at: datetime) -> None:
    follow_money(charge, moved, by=None, at=at, happened_at=at)
    tell_admins(charge, taking, at=at)


def _follow_what_fits_now(charge: Transaction, *, at: datetime) -> None:
    """Follow what was reported before this money returned, and was more than was left then.

    What staff have closed is theirs: they did something else about it.
    """
    for taking in takings_under_review(charge):
        known = find_taking(charge, taking)
        if known is None and fits(charge, taking, known):
            moved = book_taking(charge, taking, known, at=at)
            assert moved
            _follow_report(charge, taking, moved, at=at)


def follow_money(
    charge: Transaction, moved: Moved, *, by: User | None, at: datetime, happened_at: datetime
) -> None:
    """Have what a locked charge paid for follow the money that was taken back or returned."""
    if not moved.change_minor:
        return
    has_returned = moved.change_minor < 0
    cause = Cause(
        taking=moved.taking,
        words=_words(charge, moved),
        key=f"{note_key(moved.taking)}{':back' if has_returned else ''}",
        by=by,
        at=at,
        happened_at=happened_at,
    )
    if charge.bill_id:
        _follow_bill(charge, moved, cause)
    else:
        _follow_purchase(_lock_purchase(charge), charge, cause, has_returned=has_returned)


def note_key(taking: Transaction) -> str:
    """The key of the credit note that a refund or dispute of a purchase leads to."""
    return f"taking:{taking.pk}"


def _words(charge: Transaction, moved: Moved) -> str:
    with override(charge.location.locale):
        facts = {"amount": format_money(moved.taking.amount_minor, moved.taking.currency)}
        is_dispute = moved.taking.kind == Transaction.Kind.DISPUTE
        if moved.change_minor > 0:
            words = _("Dispute of %(amount)s") if is_dispute else _("Refund of %(amount)s")
        elif is_dispute:
            words = _("Dispute of %(amount)s won")
        else:
            words = _("Refund of %(amount)s came back")
        return words % facts


def _follow_bill(charge: Transaction, moved: Moved, cause: Cause) -> None:
    """Make a bill due again over what was taken back of its payment, or paid if that returned.

    Its purchases keep their credits: what they cost is owed on the bill.
    """
    assert charge.bill_id
    if charge.is_surplus:  # it paid nothing
        return
    bill = lock_bill(charge.bill_id)
    is_needed = move_bill_payment(
        bill=bill,
        amount_minor=-moved.change_minor,
        reference=cause.words,
        on=local_day(charge.location, cause.happened_at),
        by=cause.by,
        at=cause.at,
    )
    if not is_needed:  # it was paid again meanwhile
        open_review(charge=charge, reason=ReviewCase.Reason.SURPLUS, at=cause.at)
    elif bill.state == Bill.State.ISSUED:
        send_bill_again(bill, at=cause.at)


def _lock_purchase(charge: Transaction) -> Purchase:
    purchase: Purchase = (
        Purchase.objects.select_for_update(no_key=True, of=("self",))
        .select_related(
            *("location", "receipt__location", "accrual__wallet__customer"),
            *("customer__member", "customer__company"),
        )
        .get(charge=charge)
    )
    return purchase


def _follow_purchase(
    purchase: Purchase, charge: Transaction, cause: Cause, *, has_returned: bool
) -> None:
    """Credits first, then the credit note, then revenue: the order of their locks."""
    purchase.taken_back_minor = charge.taken_back_minor
    if has_returned:
        _give_back(purchase, cause)
    else:
        _take(purchase, cause)
    assert purchase.accrual
    purchase.reversed_credits = reversed_of(purchase.accrual)
    purchase.save(update_fields=["taken_back_minor", "reversed_credits"])
    _correct_documents(purchase, charge, cause, has_returned=has_returned)


def _take(purchase: Purchase, cause: Cause) -> None:
    assert purchase.accrual
    taken = reverse_accrual(
        accrual=purchase.accrual,
        part=purchase.taken_back_minor,
        whole=purchase.total_minor,
        owed=credits_owed(purchase),
        note=cause.words,
        key=cause.key,
        by=cause.by,
        at=cause.at,
    )
    if taken.owed:
        OwedCredits.objects.create(
            location_id=purchase.location_id,
            purchase=purchase,
            taking=cause.taking,
            credits=taken.owed,
            noticed_at=cause.at,
        )
    if taken.credits or taken.owed:
        tell_customer(
            purchase,
            credits=taken.credits,
            owed=taken.owed,
            balance=taken.balance,
            reason=cause.words,
            key=cause.key,
            at=cause.at,
        )


def _give_back(purchase: Purchase, cause: Cause) -> None:
    """Restore what was taken: first what it left owed is owed no longer, the rest is credits."""
    accrual = purchase.accrual
    assert accrual
    stays = part_of_credits(
        purchase.credits, part=purchase.taken_back_minor, whole=purchase.total_minor
    )
    back = credits_owed(purchase) + reversed_of(accrual) - stays
    rows = OwedCredits.objects.select_for_update(no_key=True).filter(purchase=purchase)
    back -= _lift(list(rows.filter(taking=cause.taking)), back)
    restored = min(back, reversed_of(accrual))
    # A hundredth that rounding left with another refund of the same purchase.
    _lift(list(rows.exclude(taking=cause.taking).order_by("-pk")), back - restored)
    if not restored:
        return
    booked = restore_accrual(
        accrual=accrual, credits=restored, note=cause.words, key=cause.key, by=cause.by, at=cause.at
    )
    tell_customer(
        purchase,
        credits=restored,
        owed=NONE,
        balance=booked.balance,
        reason=cause.words,
        key=cause.key,
        at=cause.at,
        is_restored=True,
    )


def _lift(rows: list[OwedCredits], credits: Decimal) -> Decimal:
    """Take credits off what is owed, as far as it goes; gives how many."""
    lifted = NONE
    for row in rows:
        step = min(row.left, credits - lifted)
        row.lifted += step
        if row.state == OwedCredits.State.OPEN and not row.left:
            row.state = OwedCredits.State.LIFTED
        row.save(update_fields=["lifted", "state"])
        lifted += step
    return lifted


def _correct_documents(
    purchase: Purchase, charge: Transaction, cause: Cause, *, has_returned: bool
) -> None:
    assert purchase.receipt
    note = credit_receipt(
        receipt=purchase.receipt,
        credited_minor=purchase.taken_back_minor,
        cancels=CreditNote.objects.get(receipt=purchase.receipt, key=note_key(cause.taking))
        if has_returned
        else None,
        reason=cause.words,
        key=cause.key,
        by=cause.by,
        at=cause.at,
    )
    record_revenue(
        location=purchase.location,
        source=Source.CREDITS,
        method=charge.connection.gateway,
        label=cause.words[:100],
        net_minor=-note.net_minor,
        key=note.key,
        at=cause.happened_at,
    )
