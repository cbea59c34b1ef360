"""Paying a bill at a gateway: the charge is written down before the gateway hears of it."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.models import Bill
from billing.services import lock_bill, refuse_unless_issued
from community.models import CompanyMember, Customer, User
from membership.services.bill_payment import PaymentUnderWay
from membership.services.purchases import (
    CardOrder,
    open_connection,
    paid_with,
    refuse_what_it_lacks,
    usable_card,
)
from membership.services.refusals import MethodNotOpen
from membership.services.settlement import never_charged, settle_transaction
from payments.gateways.registry import abilities_of
from payments.models import AutoPay, Card, Transaction

REPLACED = "replaced"  # the failure code of an attempt whose payer began another one


class BillChanged(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("What is to pay of this bill changed meanwhile. Nothing was charged."),
            code="bill_changed",
        )


class AutoPayEnded(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Auto-pay was switched off or changed. Nothing was charged."), code="auto_pay_ended"
        )


class NotTheirBill(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This bill is not yours to pay any more. Nothing was charged."),
            code="not_their_bill",
        )


def start_bill_charge(
    *, bill_id: int, order: CardOrder, seen_minor: int, key: UUID, by: User, at: datetime
) -> Transaction:
    """Write down a charge of all that is to pay of a bill; one at most is under way.

    A charge that was sent is answered as it is. One that its payer left before is ended.

    :param seen_minor: what the payer saw that is to pay
    :raises BillNotToPay: if it isn't issued, or not any more
    :raises BillChanged: if it comes to something else by now
    :raises CardNotUsable, MethodNotOpen: as with a purchase
    :raises CurrencyNotTaken, BelowMinimum, AboveMaximum, BetweenSteps: likewise
    :raises PaymentUnderWay: if somebody else pays it at this moment
    """
    try:
        with transaction.atomic():
            return _start(bill_id, order, seen_minor, key=key, by=by, at=at)
    except IntegrityError as rival:
        raise PaymentUnderWay from rival


def start_automatic_charge(
    *, bill_id: int, tries: int, key: UUID, at: datetime
) -> Transaction | None:
    """Write down the next automatic try of a bill, with the card that is chosen at this moment.

    None if somebody else makes it, or the last of the tries was made. The key is by chance: another
    installation, or a copy from a backup, has bills of the same numbers at the same account.

    :raises AutoPayEnded: if the wish was withdrawn
    :raises BillNotToPay, CardNotUsable, MethodNotOpen: if it can't be tried
    :raises CurrencyNotTaken, BelowMinimum, AboveMaximum, BetweenSteps: likewise
    """
    try:
        with transaction.atomic():
            bill = lock_bill(bill_id)
            refuse_unless_issued(bill)
            wish = AutoPay.objects.filter(customer=bill.customer_id).select_related("card").first()
            if wish is None:
                raise AutoPayEnded
            number = bill.charges.filter(automatic_try__isnull=False).count()
            if number == tries:
                return None
            order = CardOrder(connection_id=wish.card.connection_id, card_id=wish.card_id)
            return _write(bill, order, key=key, by=wish.chosen_by, at=at, automatic_try=number)
    except IntegrityError:
        return None


def check_bill_charge(charge: Transaction) -> None:
    """Ask again, under lock and right before the charge, whether it may go ahead.

    :raises BillNotToPay, BillChanged, MethodNotOpen, NotTheirBill, AutoPayEnded:
    """
    assert charge.bill_id
    bill = lock_bill(charge.bill_id)
    refuse_unless_issued(bill)
    if bill.to_pay_minor != charge.amount_minor:
        raise BillChanged
    open_connection(charge.connection_id)
    if charge.automatic_try is not None:
        if not AutoPay.objects.filter(customer=bill.customer_id, card=charge.card_id).exists():
            raise AutoPayEnded
    elif not _is_theirs(bill.customer, charge.made_by_id):
        raise NotTheirBill


def _is_theirs(customer: Customer, user_id: int) -> bool:
    """One's own, also after leaving, and those of a company while one manages it."""
    if customer.member:
        return customer.member.user_id == user_id
    managers = CompanyMember.objects.managers().filter(company_id=customer.company_id)
    return bool(managers.filter(member__user_id=user_id).exists())


def _start(
    bill_id: int, order: CardOrder, seen_minor: int, *, key: UUID, by: User, at: datetime
) -> Transaction:
    # Charges are locked before their bill: the order of every path that settles.
    left = _under_way(bill_id).select_for_update(no_key=True, of=("self",)).first()
    bill = lock_bill(bill_id)
    refuse_unless_issued(bill)
    if bill.to_pay_minor != seen_minor:
        raise BillChanged
    known = _under_way(bill_id).first()
    if known and (known.submitted_at or _is_same(known, order, by)):
        return known
    if known and known != left:  # it came between the locks
        raise PaymentUnderWay
    if known:
        settle_transaction(
            transaction_id=known.pk,
            location_id=known.location_id,
            outcome=never_charged(known, REPLACED),
            at=at,
        )
    return _write(bill, order, key=key, by=by, at=at)


def _under_way(bill_id: int) -> QuerySet[Transaction]:
    found: QuerySet[Transaction] = Transaction.objects.select_related("connection", "card").filter(
        bill_id=bill_id, state=Transaction.State.PENDING
    )
    return found


def _is_same(charge: Transaction, order: CardOrder, by: User) -> bool:
    """Whether it is the same person's second click, and not another choice."""
    is_kept = charge.card is not None and charge.card.state == Card.State.KEPT
    choice = (charge.connection_id, charge.card_id if is_kept else None, charge.keep_card)
    wanted = (order.connection_id, order.card_id, order.keeps_new_card)
    return charge.made_by_id == by.pk and choice == wanted


def _write(
    bill: Bill,
    order: CardOrder,
    *,
    key: UUID,
    by: User,
    at: datetime,
    automatic_try: int | None = None,
) -> Transaction:
    connection = open_connection(order.connection_id)
    if abilities_of(connection.gateway).confirms_later:  # a bill is transferred as it says itself
        raise MethodNotOpen
    refuse_what_it_lacks(connection, bill.to_pay_minor, bill.currency)
    card = usable_card(order.card_id, bill.customer_id, connection) if order.card_id else None
    return Transaction.objects.create(
        location_id=bill.location_id,
        customer_id=bill.customer_id,
        connection=connection,
        bill=bill,
        amount_minor=bill.to_pay_minor,
        currency=bill.currency,
        key=key,
        card=card,
        keep_card=order.keeps_new_card,
        paid_with=paid_with(card, connection),
        automatic_try=automatic_try,
        made_by=by,
        created_at=at,
    )
