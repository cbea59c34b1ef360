"""The books of a location's bills, and what breaks each sentence about them."""

from uuid import uuid4

from billing.models import BillItem
from billing.services import issue_bill
from community.models import Customer, Location
from membership.models import Plan, PlanAssignment
from membership.services.assigning import PlanWish, assign_plan
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import add_manual_item, issue_bill_by_hand, remove_item
from membership.services.bill_payment import mark_bill_paid
from membership.services.buyers import Order, lock_buyer, plan_terms
from membership.services.instant import claim_free
from membership.services.periods import local_day
from membership.services.quotes import quote_option
from membership.statements import Hold
from tests.factories import CustomerFactory, OptionFactory, UserFactory
from tests.membership.tab import bill_of, buy_by_bill, credits_come, plan_with_bill, received

BILL_MUTATIONS = {
    "Bills are numbered from 1 without gaps, but where an admin moved the number on": """
        UPDATE billing_bill SET sequence = sequence + 1 WHERE id = {waiting_bill};
        UPDATE billing_documentcounter SET last_number = last_number + 1
        WHERE location_id = {location} AND kind = 'bill'
    """,
    "The counter stands at the last bill, or where an admin moved the number on": """
        UPDATE billing_documentcounter SET last_number = last_number + 1
        WHERE location_id = {location} AND kind = 'bill'
    """,
    "Credit notes are numbered from 1 without gaps, but where an admin moved the number on": """
        UPDATE billing_creditnote SET sequence = sequence + 1 WHERE id = {credit_note};
        UPDATE billing_documentcounter SET last_number = last_number + 1
        WHERE location_id = {location} AND kind = 'credit_note'
    """,
    "The counter stands at the last credit note, or where an admin moved the number on": """
        UPDATE billing_documentcounter SET last_number = last_number + 1
        WHERE location_id = {location} AND kind = 'credit_note'
    """,
    "A bill's total is the sum of its items": """
        UPDATE billing_bill SET net_minor = net_minor + 1, total_minor = total_minor + 1
        WHERE id = {active_bill}
    """,
    "An item that is removed comes off its own bill, with its own amounts": """
        UPDATE billing_billitem SET tax_percent = tax_percent + 1 WHERE id = {removal}
    """,
    "An item of a bill counts once as revenue: its net price": """
        UPDATE analytics_revenueline SET key = 'gone' WHERE key = '{fee_key}'
    """,
    "A paid bill has its payment, and an unpaid one has none": """
        DELETE FROM billing_billpayment WHERE bill_id = {bill}
    """,
    "A bill is paid over what was left of it, in its currency": """
        UPDATE billing_billpayment SET amount_minor = amount_minor * 2 WHERE bill_id = {bill}
    """,
    "An issued bill with nothing left to pay is void or paid": """
        UPDATE billing_bill SET state = 'issued' WHERE id = {void_bill}
    """,
    "A credit note's total is the sum of its lines": """
        UPDATE billing_creditnote SET net_minor = net_minor + 1, tax_minor = tax_minor - 1
        WHERE id = {credit_note}
    """,
    "A bill is credited by its credit notes": """
        UPDATE billing_bill SET credited_minor = credited_minor + 1 WHERE id = {bill}
    """,
    "A credit note credits items of its bill": """
        UPDATE analytics_revenueline SET key = 'credit-note:{credit_note}:{other_fee}'
        WHERE key = 'credit-note:{credit_note}:{fee}';
        UPDATE billing_creditnoteline SET bill_item_id = {other_fee}
        WHERE credit_note_id = {credit_note}
    """,
    "What is left of an item is its total without what was credited": """
        UPDATE billing_creditnoteline SET left_minor = left_minor + 1
        WHERE credit_note_id = {credit_note}
    """,
    "A credit note takes its net prices off the revenue": """
        UPDATE analytics_revenueline SET key = 'gone' WHERE key = 'credit-note:{credit_note}:{fee}'
    """,
    "A free purchase earned no revenue": """
        UPDATE analytics_revenueline SET key = 'purchase:{claim}' WHERE key = 'lost'
    """,
    "A purchase on the bill is one item with its amounts, on its customer's bill": """
        UPDATE membership_purchase SET tax_percent = tax_percent + 1 WHERE id = {on_bill}
    """,
    "Credits on a bill are of a purchase": """
        DELETE FROM membership_purchase WHERE id = {waiting}
    """,
    "A purchase on the bill waits for payment only while its bill is unpaid": """
        INSERT INTO billing_billpayment (location_id, bill_id, method, reference, paid_on,
                                         amount_minor, currency, recorded_at)
        SELECT location_id, id, 'cash', '', now()::date, total_minor, currency, now()
        FROM billing_bill WHERE id = {waiting_bill};
        UPDATE billing_bill SET state = 'paid' WHERE id = {waiting_bill}
    """,
}


def books_of_bills(location, at):
    """A bill of each state and whatever may be on it, and the ids of the rows."""
    by = UserFactory()
    option = OptionFactory(location=location, credits=7, price_minor=700)
    paid, void, waits = (new_customer(location) for _ in range(3))

    void_bill = issue_bill(bill_id=plan_with_bill(void, at=at).pk, at=at)
    credit(void_bill, {it.pk: it.total_minor for it in void_bill.items.all()}, by, at)

    bill = plan_with_bill(paid, at=at)
    fee = bill.items.get()
    on_bill = buy_by_bill(paid.member, option=option, at=at)
    item = add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=500, key=f"1-{bill.pk}", by=by, at=at
    )
    remove_item(bill_id=bill.pk, item_id=item.pk, reason="Wrong", waive_spent=False, by=by, at=at)
    issue_bill_by_hand(bill_id=bill.pk, by=by, at=at)
    credit_note = credit(bill, {fee.pk: 1200}, by, at)
    today = local_day(location, at)
    mark_bill_paid(bill_id=bill.pk, received=received(paid_on=today), by=by, at=at)

    credits_come(location, Location.BillCredits.WHEN_PAID)
    waiting_bill = plan_with_bill(waits, at=at)
    waiting = buy_by_bill(waits.member, option=option, at=at)
    issue_bill(bill_id=waiting_bill.pk, at=at)
    return {
        "bill": bill.pk,
        "fee": fee.pk,
        "fee_key": fee.key,
        "on_bill": on_bill.pk,
        "removal": BillItem.objects.get(removes=item).pk,
        "active_bill": bill_of(paid).pk,
        "credit_note": credit_note.pk,
        "void_bill": void_bill.pk,
        "waiting": waiting.pk,
        "waiting_bill": waiting_bill.pk,
        "other_fee": waiting_bill.items.get(source="plans").pk,
        "claim": claim(new_customer(location), option, at).pk,
    }


def new_customer(location) -> Customer:
    return CustomerFactory(member__location=location)


def credit(bill, wanted, by, at):
    return credit_bill(
        bill_id=bill.pk,
        wanted=wanted,
        reason="Agreed",
        waive_spent=False,
        key=f"note-{bill.pk}",
        by=by,
        at=at,
    )


def claim(customer, option, at):
    """Credits that a plan of 100 % gives for nothing."""
    plan = Plan.objects.create(
        location=customer.location, name="Founders", discount_percent=100, created_at=at
    )
    wish = PlanWish(plan.pk, bill_enabled=False, bill_for=PlanAssignment.BillFor.MANAGERS)
    today = local_day(customer.location, at)
    assign_plan(customer=customer, wish=wish, starts_on=today, ends_on=None, by=None, at=at)
    facts = lock_buyer(
        member_id=customer.member_id,
        location_id=customer.location_id,
        company_id=None,
        hold=Hold.CLAIM,
        at=at,
    )
    seen = quote_option(option, customer.location, plan_terms(facts))
    order = Order(member=customer.member, company_id=None, seen=seen, key=uuid4())
    return claim_free(order=order, at=at)
