"""The books of a location's bills, and what breaks each sentence about them."""

from datetime import timedelta
from uuid import uuid4

from billing.models import BillItem, DocumentMail
from billing.services import end_mail, issue_bill, owe_reminders, send_document_again
from community.models import Customer, Location
from membership.models import Plan, PlanAssignment
from membership.services.assigning import PlanWish, assign_plan
from membership.services.auto_paying import choose_auto_pay
from membership.services.bill_charging import start_bill_charge
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import add_manual_item, issue_bill_by_hand, remove_item
from membership.services.bill_payment import mark_bill_paid
from membership.services.buyers import Order, lock_buyer, plan_terms
from membership.services.instant import claim_free
from membership.services.paying import pay_charge
from membership.services.periods import local_day
from membership.services.purchases import CardOrder
from membership.services.quotes import quote_option
from membership.services.settlement import settle_transaction
from membership.statements import Hold
from payments.gateways.protocol import ChargeOutcome, ChargeState
from payments.models import GatewayConnection, Transaction
from tests.factories import CardFactory, CustomerFactory, OptionFactory, UserFactory
from tests.membership.tab import bill_of, buy_by_bill, credits_come, plan_with_bill, received

BILL_MUTATIONS = {
    "A charge is of one purchase or of one bill": """
        UPDATE payments_transaction SET bill_id = NULL WHERE id = {bill_under_way}
    """,
    "A charge of a bill is of its customer, in its currency": """
        UPDATE payments_transaction SET currency = 'XTS' WHERE id = {bill_under_way}
    """,
    "A bill is paid online by its charges, less what was taken back of them": """
        UPDATE payments_transaction SET amount_minor = amount_minor + 1 WHERE id = {paid_online}
    """,
    "Money that came for a paid bill is on the list to review": """
        DELETE FROM payments_reviewcase WHERE charge_id = {surplus}
    """,
    "Bills pay themselves by a card of their customer": """
        UPDATE payments_autopay SET card_id = {card}
        WHERE id = (SELECT max(id) FROM payments_autopay WHERE location_id = {location})
    """,
    "No payment of a bill is pending for more than a day": """
        UPDATE payments_transaction SET created_at = now() - interval '25 hours'
        WHERE id = {bill_under_way}
    """,
    "Bills are numbered from 1 without gaps, but where an admin moved the number on": """
        UPDATE billing_bill SET sequence = sequence + 1 WHERE id = {last_bill};
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
    "What is paid of a bill is the sum of its payments, in its currency": """
        DELETE FROM billing_billpayment WHERE bill_id = {bill}
    """,
    "An issued bill has something left to pay, a paid one nothing": """
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
    "Each document that was issued was mailed then, or is owed that mail": """
        DELETE FROM billing_documentmail WHERE credit_note_id = {credit_note}
    """,
    "No mail of a document waits for its next try for more than 30 minutes": """
        UPDATE billing_documentmail SET next_try_at = now() - interval '31 minutes'
        WHERE credit_note_id = {credit_note}
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
        UPDATE billing_bill SET state = 'paid', paid_minor = total_minor WHERE id = {waiting_bill}
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
    waiting_bill = issue_bill(bill_id=waiting_bill.pk, at=at)
    with_mails(waiting_bill, by, at)
    paid_online, surplus, under_way = charges_of_bills(location, at)
    return {
        "paid_online": paid_online.pk,
        "surplus": surplus.pk,
        "bill_under_way": under_way.pk,
        "last_bill": under_way.bill_id,
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
        "sent_mail": waiting_bill.mails.get(state="sent").pk,
        "other_fee": waiting_bill.items.get(source="plans").pk,
        "claim": claim(new_customer(location), option, at).pk,
    }


def charges_of_bills(location, at):
    """A charge that paid its bill, one that came too late, and one that is under way."""
    charges = []
    for _ in range(3):
        customer = new_customer(location)
        card = CardFactory(
            customer=customer, connection=GatewayConnection.objects.get(gateway="stripe")
        )
        user = customer.member.user
        choose_auto_pay(customer=customer, card_id=card.pk, by=user, at=at)
        bill = issue_bill(bill_id=plan_with_bill(customer, at=at).pk, at=at)
        charges.append(
            start_bill_charge(
                bill_id=bill.pk,
                key=uuid4(),
                order=CardOrder(card.connection_id, card.pk),
                seen_minor=bill.to_pay_minor,
                by=user,
                at=at,
            )
        )
    paid, surplus, under_way = charges
    pay_charge(charge=paid, at=at)
    today = received(paid_on=local_day(location, at))
    mark_bill_paid(bill_id=surplus.bill_id, received=today, by=UserFactory(), at=at)
    arrives_too_late(surplus, at)
    return paid, surplus, under_way


def arrives_too_late(charge, at):
    """The gateway reports success although nothing was to pay any more."""
    outcome = ChargeOutcome(
        reference=f"pi_late_{charge.pk}",
        state=ChargeState.SUCCEEDED,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        livemode=False,
        key=str(charge.key),
    )
    Transaction.objects.filter(pk=charge.pk).update(submitted_at=at)
    settle_transaction(
        transaction_id=charge.pk, location_id=charge.location_id, outcome=outcome, at=at
    )


def with_mails(bill, by, at):
    """One that is sent, and a reminder and one sent again that wait."""
    end_mail(mail=bill.mails.get(), at=at)
    owe_reminders(at=at + timedelta(days=20))
    DocumentMail.objects.filter(kind="reminder").update(next_try_at=at)
    send_document_again(document=bill, by=by, at=at)


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
