"""Purchases that need no gateway: on the customer's bill, or free. One transaction does it all."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from django.db import IntegrityError, transaction
from django.utils.translation import gettext, override

from analytics.models import Source
from analytics.services import record_revenue
from billing.models import Bill
from billing.services import NewItem, add_bill_item
from community.models import Location
from community.money import format_credits
from credits.models import CreditOption
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
from membership.services.crediting import Bought, credit_purchase
from membership.services.quotes import OptionNotOnSale, Quote, QuoteChanged, quote_option
from membership.services.refusals import NotFree, PaymentNeeded
from membership.statements import (
    BuyerFacts,
    Hold,
    NewPurchase,
    count_claims,
    insert_purchase,
    next_purchase_id,
)


def buy_on_bill(*, order: Order, at: datetime) -> Purchase:
    """Put the purchase on the customer's active bill and add the credits, once per key.

    Under the policy `when_paid` the credits come when the bill is paid. A bill whose period is
    over is closed first, so that the purchase is on the bill of its own period.

    :raises PurchaseRefused: if a rule stands against it, read under lock
    :raises OptionNotOnSale, QuoteChanged: if it costs or gives something else than was seen
    """
    try:
        return _once(_buy_on_bill, order, at=at)
    except PeriodIsOver as late:
        catch_up(customer=Bill.objects.get(pk=late.bill_id).customer, at=at)
        return _once(_buy_on_bill, order, at=at)


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
    """A way of buying in one transaction; gives the purchase's id."""

    def __call__(self, order: Order, *, at: datetime) -> int: ...


def _once(way: Way, order: Order, *, at: datetime) -> Purchase:
    try:
        with transaction.atomic():
            purchase_id = way(order, at=at)
    except IntegrityError:
        # The key's unique index decides between two clicks: the second gets what the first did.
        if made := Purchase.objects.filter(key=order.key, bought_by=order.member).first():
            return made
        raise
    return Purchase.objects.get(pk=purchase_id)


def _buy_on_bill(order: Order, *, at: datetime) -> int:
    facts = _lock(order, Hold.BILL, at=at)
    quote, location = _confirmed(order, facts)
    if quote.is_free:
        raise PaymentNeeded
    if refusal := bill_refusal(facts, quote.credits):
        raise refusal
    assert facts.bill_id
    if facts.bill_end and facts.bill_end <= facts.today:
        raise PeriodIsOver(facts.bill_id)
    purchase = _purchase(order, facts, quote, Purchase.Method.BILL, at=at)
    if facts.bill_credits == Location.BillCredits.WHEN_PAID:
        purchase = replace(purchase, state=Purchase.State.AWAITING_PAYMENT.value, completed_at=None)
    description = _description(location, quote.credits)
    item_id = add_bill_item(
        location_id=facts.location_id,
        bill_id=facts.bill_id,
        item=NewItem(
            source=Source.CREDITS,
            description=description,
            amount=quote.amount,
            tax=quote.tax,
            key=f"purchase:{purchase.id}",
            added_by_id=facts.user_id,
        ),
        at=at,
    )
    accrual_id = _credit(purchase, facts, location, at=at) if purchase.completed_at else None
    record_revenue(
        location=location,
        source=Source.CREDITS,
        method=Purchase.Method.BILL,
        label=description,
        net_minor=quote.amount.net_minor,
        key=f"purchase:{purchase.id}",
        at=at,
    )
    insert_purchase(replace(purchase, bill_item_id=item_id, accrual_id=accrual_id))
    return purchase.id


def _claim_free(order: Order, *, at: datetime) -> int:
    facts = _lock(order, Hold.CLAIM, at=at)
    quote, location = _confirmed(order, facts)
    if not quote.is_free:
        raise NotFree
    if refusal := claim_refusal(facts):
        raise refusal
    period = current_period(facts)
    number = count_claims(customer_id=facts.customer_id, period_start=period.start) + 1
    purchase = _purchase(order, facts, quote, Purchase.Method.FREE, at=at)
    accrual_id = _credit(purchase, facts, location, at=at)
    insert_purchase(
        replace(purchase, accrual_id=accrual_id, period_start=period.start, claim_number=number)
    )
    return purchase.id


def _lock(order: Order, hold: Hold, *, at: datetime) -> BuyerFacts:
    return lock_buyer(
        member_id=order.member.pk,
        location_id=order.member.location_id,
        company_id=order.company_id,
        hold=hold,
        at=at,
    )


def _confirmed(order: Order, facts: BuyerFacts) -> tuple[Quote, Location]:
    """The quote as it is now, under the locks, which must be the one that was seen."""
    location = location_of(facts)
    option = CreditOption.objects.filter(pk=order.seen.option_id).first()
    if option is None:
        raise OptionNotOnSale
    quote = quote_option(option, location, plan_terms(facts))
    if quote != order.seen:
        raise QuoteChanged(seen=order.seen, now=quote)
    return quote, location


def _purchase(
    order: Order,
    facts: BuyerFacts,
    quote: Quote,
    method: Purchase.Method,
    *,
    at: datetime,
) -> NewPurchase:
    return NewPurchase(
        id=next_purchase_id(),
        location_id=facts.location_id,
        key=order.key,
        customer_id=facts.customer_id,
        bought_by_id=facts.member_id,
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
        method=method.value,
        state=Purchase.State.COMPLETED.value,
        bill_item_id=None,
        accrual_id=None,
        period_start=None,
        claim_number=None,
        created_at=at,
        completed_at=at,
    )


def _credit(purchase: NewPurchase, facts: BuyerFacts, location: Location, *, at: datetime) -> int:
    bought = Bought(
        purchase_id=purchase.id,
        key=purchase.key,
        customer_id=facts.customer_id,
        company_id=facts.company_id,
        company_name=facts.company_name,
        credits=purchase.credits,
        expiry_months=purchase.expiry_months,
        net_minor=purchase.net_minor,
        made_by_id=facts.user_id,
    )
    return credit_purchase(bought, location=location, at=at).entry_id


def _description(location: Location, credits: Decimal) -> str:
    with override(location.locale):
        return gettext("%(credits)s credits") % {"credits": format_credits(credits)}
