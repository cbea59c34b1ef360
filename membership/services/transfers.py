"""Paying by bank transfer: ordered, awaited, and confirmed by a person, or not in time."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, User
from community.services import record_audit
from community.services.people import admins_of
from membership.models import Purchase
from membership.services.buyers import Order, lock_buyer, transfer_refusal
from membership.services.periods import day_at_location, local_day
from membership.services.purchases import confirmed_quote, refuse_what_it_lacks, write_purchase
from membership.services.refusals import PurchaseRefused, TooManyTransfers, TransfersClosed
from membership.services.settlement import (
    NOT_IN_TIME,
    WITHDRAWN,
    never_charged,
    settle_transaction,
)
from membership.statements import Hold
from notifications.models import Notification
from notifications.services import notify
from payments.gateways.transfer import money_received, payment_reference
from payments.models import GatewayConnection, ReviewCase, Transaction
from payments.services.reviewing import open_review

DUE_AFTER = timedelta(days=14)
ANNOUNCED_BEFORE = timedelta(days=3)
AWAITED_AT_MOST = 5  # of one customer
AT_A_TIME = 200


class TransferConfirmed(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("The receipt of this transfer was confirmed already."), code="transfer_confirmed"
        )


class TransferNotAwaited(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This transfer is not awaited any more."), code="transfer_not_awaited")


class DayNotPossible(ValidationError):
    """Money comes after it was asked for, and not tomorrow."""

    WORDS = {
        "day_to_come": _("This day has not come yet."),
        "day_before_order": _("The transfer was not ordered yet on that day."),
    }

    def __init__(self, code: str) -> None:
        super().__init__({"received_on": ValidationError(self.WORDS[code], code=code)})


class AmountNotedAlready(ValidationError):
    def __init__(self) -> None:
        words = _("Another amount was noted for this transfer already. Look under To review.")
        super().__init__({"amount": ValidationError(words, code="amount_noted_already")})


def order_transfer(*, order: Order, at: datetime) -> Purchase:
    """Write down a purchase that awaits a bank transfer, once per key. No gateway is called.

    :raises PurchaseRefused: if a rule stands against it, read under lock
    :raises OptionNotOnSale, QuoteChanged: if it costs or gives something else than was seen
    """
    try:
        with transaction.atomic():
            return _order(order, at=at)
    except IntegrityError:
        # The key's unique index decides between two clicks: the second gets what the first did.
        if made := Purchase.objects.filter(key=order.key, bought_by=order.member).first():
            return made
        raise


def _order(order: Order, *, at: datetime) -> Purchase:
    facts = lock_buyer(
        member_id=order.member.pk,
        location_id=order.member.location_id,
        company_id=order.company_id,
        hold=Hold.PERMISSION,
        at=at,
    )
    if made := Purchase.objects.filter(key=order.key, bought_by=order.member).first():
        return made
    quote = confirmed_quote(facts, order.seen)
    connection = GatewayConnection.objects.for_transfers().first()
    if connection is None:
        raise TransfersClosed
    if refusal := transfer_refusal(facts):
        raise refusal
    refuse_what_it_lacks(connection, quote.total_minor, quote.currency)
    Customer.objects.select_for_update(no_key=True).get(pk=facts.customer_id)
    if refusal := awaited_refusal(facts.customer_id):
        raise refusal
    charge = Transaction.objects.create(
        location_id=facts.location_id,
        customer_id=facts.customer_id,
        connection=connection,
        amount_minor=quote.total_minor,
        currency=quote.currency,
        key=order.key,
        paid_with=_method_name(facts.locale),
        due_on=facts.today + DUE_AFTER,
        made_by_id=facts.user_id,
        created_at=at,
        submitted_at=at,
    )
    charge.reference = payment_reference(charge.pk)
    charge.save(update_fields=["reference"])
    purchase = write_purchase(facts, quote, charge, at=at, state=Purchase.State.AWAITING_PAYMENT)
    _tell_admins(order, charge, at=at)
    return purchase


def _tell_admins(order: Order, charge: Transaction, *, at: datetime) -> None:
    location = order.member.location
    notify(
        location=location,
        user_ids=admins_of(location),
        kind=Notification.Kind.TRANSFER_ORDERED,
        facts={
            "name": charge.customer.name,
            "reference": charge.reference,
            "amount_minor": charge.amount_minor,
            "currency": charge.currency,
        },
        key=f"transfer ordered:{charge.pk}",
        at=at,
    )


def awaited_refusal(customer_id: int) -> PurchaseRefused | None:
    """So many transfers of one customer may be awaited; none of them costs anything to order."""
    awaited = Transaction.objects.awaited().filter(customer=customer_id).count()
    return TooManyTransfers() if awaited >= AWAITED_AT_MOST else None


def _method_name(locale: str) -> str:
    with override(locale):
        return gettext("Bank transfer")


@transaction.atomic
def confirm_transfer(
    *, charge_id: int, amount_minor: int, received_on: date, by: User, at: datetime
) -> ReviewCase | None:
    """Note what came for a transfer: the amount that was asked for completes the purchase.

    That holds when it comes late, too. Another amount grants nothing: it is put on the list to
    review, and the case is given.

    :raises TransferConfirmed: if somebody did before
    :raises DayNotPossible: if it can't have come on that day
    :raises AmountNotedAlready: if another amount was noted before
    """
    charge = _lock(charge_id)
    if charge.state == Transaction.State.SUCCEEDED:
        raise TransferConfirmed
    _refuse_day(charge, received_on, at)
    _audit(
        "transfer received",
        charge,
        by=by,
        at=at,
        after={"amount_minor": amount_minor, "received_on": str(received_on)},
    )
    if amount_minor != charge.amount_minor:
        return _put_on_review(charge, amount_minor, at=at)
    charge.received_on = received_on
    charge.save(update_fields=["received_on"])
    settle_transaction(
        transaction_id=charge.pk,
        location_id=charge.location_id,
        outcome=money_received(
            reference=charge.reference,
            amount_minor=amount_minor,
            currency=charge.currency,
            key=str(charge.key),
        ),
        at=at,
    )
    _tell_buyer(charge, Notification.Kind.TRANSFER_CONFIRMED, key="transfer confirmed", at=at)
    return None


def _refuse_day(charge: Transaction, received_on: date, at: datetime) -> None:
    if received_on > local_day(charge.location, at):
        raise DayNotPossible("day_to_come")
    if received_on < local_day(charge.location, charge.created_at):
        raise DayNotPossible("day_before_order")


def _put_on_review(charge: Transaction, amount_minor: int, *, at: datetime) -> ReviewCase:
    if charge.reviews.filter(reason=ReviewCase.Reason.AMOUNT).exists():
        raise AmountNotedAlready
    return open_review(
        charge=charge, reason=ReviewCase.Reason.AMOUNT, received_minor=amount_minor, at=at
    )


@transaction.atomic
def cancel_transfer(*, charge_id: int, by: User, at: datetime) -> None:
    """Await a transfer no more, before it came. Money that comes all the same is still credited.

    :raises TransferNotAwaited: if it came, was cancelled, or is past its day
    """
    charge = _lock(charge_id)
    if charge.state != Transaction.State.PENDING:
        raise TransferNotAwaited
    _end(charge, WITHDRAWN, at=at)
    _audit("transfer cancelled", charge, by=by, at=at)


@transaction.atomic
def expire_transfer(*, charge_id: int, at: datetime) -> None:
    """Await a transfer no more whose day is over, once. Money that comes late is still credited."""
    charge = _lock(charge_id)
    assert charge.due_on
    if charge.state == Transaction.State.PENDING and charge.due_on < local_day(charge.location, at):
        _end(charge, NOT_IN_TIME, at=at)


@transaction.atomic
def announce_transfer(*, charge_id: int, at: datetime) -> None:
    """Tell the buyer, once, that the day is near until which a transfer is awaited."""
    charge = _lock(charge_id)
    if charge.state != Transaction.State.PENDING or charge.announced_at:
        return
    charge.announced_at = at
    charge.save(update_fields=["announced_at"])
    _tell_buyer(charge, Notification.Kind.TRANSFER_DUE, key="transfer due", at=at)


def _tell_buyer(charge: Transaction, kind: Notification.Kind, *, key: str, at: datetime) -> None:
    notify(
        location=charge.location,
        user_ids=[charge.made_by_id],
        kind=kind,
        facts={
            "purchase": str(charge.key),
            "credits": str(charge.purchase.credits),
            "amount_minor": charge.amount_minor,
            "currency": charge.currency,
            "due_on": str(charge.due_on),
        },
        key=f"{key}:{charge.pk}",
        at=at,
    )


def transfers_over(*, at: datetime) -> list[tuple[int, int]]:
    """Location and id of awaited transfers whose day is over where they are awaited."""
    over = Transaction.objects.awaited().filter(due_on__lt=day_at_location(at))
    return list(over.order_by("due_on", "pk").values_list("location_id", "pk")[:AT_A_TIME])


def transfers_to_announce(*, at: datetime) -> list[tuple[int, int]]:
    """Those that are due in three days or less and of which nobody was told yet."""
    soon = Transaction.objects.awaited().filter(
        announced_at=None, due_on__lte=day_at_location(at + ANNOUNCED_BEFORE)
    )
    return list(soon.order_by("due_on", "pk").values_list("location_id", "pk")[:AT_A_TIME])


def _end(charge: Transaction, code: str, *, at: datetime) -> None:
    settle_transaction(
        transaction_id=charge.pk,
        location_id=charge.location_id,
        outcome=never_charged(charge, code),
        at=at,
    )


def _lock(charge_id: int) -> Transaction:
    locked: Transaction = (
        Transaction.objects.transfers()
        .select_for_update(no_key=True, of=("self",))
        .select_related("location", "connection", "purchase")
        .get(pk=charge_id)
    )
    return locked


def _audit(
    action: str,
    charge: Transaction,
    *,
    by: User,
    at: datetime,
    after: dict[str, object] | None = None,
) -> None:
    location: Location = charge.location
    record_audit(
        location=location,
        by=by,
        action=action,
        subject=f"transfer {charge.reference}",
        after=after,
        at=at,
    )
