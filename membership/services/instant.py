"""Purchases that need no gateway: on the customer's bill, or free. One transaction does it all."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from analytics.models import Source
from analytics.services import record_revenue
from billing.models import Bill
from billing.services import NewItem, add_bill_item
from community.database import loaded
from community.models import Location
from membership.models import Purchase
from membership.services.buyers import (
    Order,
    bill_refusal,
    claim_refusal,
    current_period,
    location_of,
    lock_buyer,
    plan_terms,
)
from membership.services.closing import catch_up
from membership.services.crediting import Bought, credit_purchase, describe_credits
from membership.services.quotes import OptionNotOnSale, Quote, QuoteChanged, quote_option
from membership.services.refusals import NoActiveBill, NotFree, PaymentNeeded
from membership.statements import (
    BuyerFacts,
    Hold,
    NewPurchase,
    count_claims,
    insert_purchase,
)


def buy_on_bill(*, order: Order, at: datetime) -> Purchase:
    """Put the purchase on the customer's active bill and add the credits, once per key.

    Under the policy `when_paid` the credits come when the bill is paid. A bill of no period or of
    one that is over is closed first, so that the purchase is on the bill of its own period.

    :raises PurchaseRefused: if a rule stands against it, read under lock
    :raises OptionNotOnSale, QuoteChanged: if it costs or gives something else than was seen
    """
    try:
        return _once(_buy_on_bill, order, at=at)
    except PeriodIsOver as late:
        catch_up(customer=Bill.objects.get(pk=late.bill_id).customer, at=at)
    try:
        return _once(_buy_on_bill, order, at=at)
    except PeriodIsOver as still:
        raise NoActiveBill from still  # one opened by hand, while no period is to begin


def claim_free(*, order: Order, at: datetime) -> Purchase:
    """Get credits that the plan gives for nothing, as often as its limit allows, once per key.

    :raises PurchaseRefused: if a rule stands against it, read under lock
    :raises OptionNotOnSale, QuoteChanged: if it costs or gives something else than was seen
    """
    return _once(_claim_free, order, at=at)


class PeriodIsOver(Exception):
    """The active bill waits to be closed; nothing was written."""

    def __init__(self, bill_id: int) -> None:
        super().__init__(bill_id)
        self.bill_id = bill_id


class Way(Protocol):
    """A way of buying in one transaction."""

    def __call__(self, order: Order, *, at: datetime) -> NewPurchase: ...


def _once(way: Way, order: Order, *, at: datetime) -> Purchase:
    try:
        with transaction.atomic():
            new = way(order, at=at)
    except (IntegrityError, ValidationError):
        # The key's unique index decides between two clicks, or what the first one used up: the
        # last free claim, the room on the bill. The second gets what the first did.
        if made := Purchase.objects.filter(key=order.key, bought_by=order.member).first():
            return made
        raise
    return loaded(Purchase, vars(new) | {"charge_id": None, "receipt_id": None})


def _buy_on_bill(order: Order, *, at: datetime) -> NewPurchase:
    sale = _sale(order, Hold.BILL, at=at)
    facts, quote = sale.facts, sale.quote
    if quote.is_free:
        raise PaymentNeeded
    if refusal := bill_refusal(facts, quote.credits):
        raise refusal
    assert facts.bill_id
    if facts.bill_end is None or facts.bill_end <= facts.today:
        raise PeriodIsOver(facts.bill_id)
    bill_item_id = _put_on_bill(sale, facts.bill_id, at=at)
    waits = facts.bill_credits == Location.BillCredits.WHEN_PAID
    accrual_id = None if waits else _credit(sale, at=at)
    record_revenue(
        location=sale.location,
        source=Source.CREDITS,
        method=Purchase.Method.BILL,
        label=sale.description,
        net_minor=quote.amount.net_minor,
        key=sale.key,
        at=at,
    )
    return _write(
        sale, Purchase.Method.BILL, bill_item_id=bill_item_id, accrual_id=accrual_id, at=at
    )


def _claim_free(order: Order, *, at: datetime) -> NewPurchase:
    sale = _sale(order, Hold.CLAIM, at=at)
    if not sale.quote.is_free:
        raise NotFree
    if refusal := claim_refusal(sale.facts):
        raise refusal
    period = current_period(sale.facts)
    claims = count_claims(customer_id=sale.facts.customer_id, period_start=period.start)
    return _write(
        sale,
        Purchase.Method.FREE,
        accrual_id=_credit(sale, at=at),
        period_start=period.start,
        claim_number=claims + 1,
        at=at,
    )


@dataclass(frozen=True)
class Sale:
    """An order and what it was found to be under the locks."""

    id: int  # of the purchase
    order: Order
    facts: BuyerFacts
    location: Location
    quote: Quote

    @property
    def key(self) -> str:
        """Makes each of its rows once."""
        return f"purchase:{self.id}"

    @property
    def description(self) -> str:
        return describe_credits(self.quote.credits, self.location.locale)


def _sale(order: Order, hold: Hold, *, at: datetime) -> Sale:
    """What is sold as things are now, under the locks: it must be what was seen."""
    facts = lock_buyer(
        member_id=order.member.pk,
        location_id=order.member.location_id,
        company_id=order.company_id,
        hold=hold,
        option_id=order.seen.option_id,
        at=at,
    )
    if facts.option is None:
        raise OptionNotOnSale
    location = location_of(facts)
    quote = quote_option(facts.option, location, plan_terms(facts), exemption=facts.exemption)
    if quote != order.seen:
        raise QuoteChanged(seen=order.seen, now=quote)
    assert facts.next_purchase_id
    return Sale(facts.next_purchase_id, order, facts, location, quote)


def _put_on_bill(sale: Sale, bill_id: int, *, at: datetime) -> int:
    item = NewItem(
        source=Source.CREDITS,
        description=sale.description,
        amount=sale.quote.amount,
        tax=sale.quote.tax,
        key=sale.key,
        added_by_id=sale.facts.user_id,
    )
    return add_bill_item(location_id=sale.facts.location_id, bill_id=bill_id, item=item, at=at)


def _credit(sale: Sale, *, at: datetime) -> int:
    bought = Bought(
        purchase_id=sale.id,
        key=sale.order.key,
        customer_id=sale.facts.customer_id,
        company_id=sale.facts.company_id,
        company_name=sale.facts.company_name,
        credits=sale.quote.credits,
        expiry_months=sale.quote.expiry_months,
        net_minor=sale.quote.amount.net_minor,
        made_by_id=sale.facts.user_id,
    )
    return credit_purchase(bought, location=sale.location, at=at).entry_id


def _write(
    sale: Sale,
    method: Purchase.Method,
    *,
    accrual_id: int | None,
    bill_item_id: int | None = None,
    period_start: date | None = None,
    claim_number: int | None = None,
    at: datetime,
) -> NewPurchase:
    """The purchase itself. Without credits it waits for the payment of its bill."""
    facts, quote = sale.facts, sale.quote
    state = Purchase.State.COMPLETED if accrual_id else Purchase.State.AWAITING_PAYMENT
    purchase = NewPurchase(
        id=sale.id,
        location_id=facts.location_id,
        key=sale.order.key,
        customer_id=facts.customer_id,
        bought_by_id=facts.member_id,
        api_key_id=sale.order.api_key.pk if sale.order.api_key else None,
        option_id=quote.option_id,
        credits=quote.credits,
        expiry_months=quote.expiry_months,
        currency=quote.currency,
        list_price_minor=quote.list_price_minor,
        discount_percent=quote.discount_percent,
        assignment_id=facts.assignment_id,
        net_minor=quote.amount.net_minor,
        tax_minor=quote.amount.tax_minor,
        total_minor=quote.total_minor,
        tax_name=quote.tax.name,
        tax_percent=quote.tax.percent,
        tax_included=quote.tax.included,
        exemption=quote.tax.exemption,
        method=method.value,
        state=state.value,
        bill_item_id=bill_item_id,
        accrual_id=accrual_id,
        period_start=period_start,
        claim_number=claim_number,
        created_at=at,
        completed_at=at if accrual_id else None,
    )
    insert_purchase(purchase)
    return purchase
