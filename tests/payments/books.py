"""The books of money that went back, and what breaks each sentence about it."""

from decimal import Decimal

from credits.services.spending import spend_credits
from membership.models import OwedCredits
from membership.services.owing import waive_owed
from membership.services.paying import pay_charge
from membership.services.refunding import follow_taking
from payments.gateways.protocol import Taking, TakingKind, TakingState
from payments.models import Transaction
from tests.factories import CardFactory, UserFactory, pending_purchase

TAKING_MUTATIONS = {
    "What is taken back of a charge is the sum of its refunds and disputes": """
        UPDATE payments_transaction SET state = 'failed', returned_at = now() WHERE id = {refund}
    """,
    "What is given back of more than was asked is what its refunds and disputes gave of it": """
        UPDATE payments_transaction SET extra_minor = 1, extra_back_minor = 1
        WHERE id = {refunded_charge}
    """,
    "Only a charge that succeeded brought more than was asked": """
        UPDATE payments_transaction SET extra_minor = 1 WHERE id = {pending_charge}
    """,
    "A refund or dispute is of a charge of its customer, at its gateway, in its currency": """
        UPDATE payments_transaction SET currency = 'XTS' WHERE id = {refund}
    """,
    "No more is reversed of an accrual than it gave, and no more restored than was reversed": """
        UPDATE credits_entry SET reason = 'restoration', reverses_id = {monthly} WHERE id = {given}
    """,
    "A credit note credits the line of its receipt, for its customer": """
        UPDATE billing_creditnote SET customer_id = {other_customer} WHERE id = {refund_note}
    """,
    "A credit note cancels one of its own receipt, with its whole amount": """
        UPDATE billing_creditnote SET cancels_id = {refund_note} WHERE id = {cancellation}
    """,
    "What is left of a receipt is its total without what was credited": """
        UPDATE billing_creditnoteline SET left_minor = left_minor + 1
        WHERE credit_note_id = {last_refund_note}
    """,
    "A credit note of a receipt takes its net price off the revenue of credits": """
        UPDATE analytics_revenueline SET key = 'gone' WHERE key = 'taking:{refund}'
    """,
    "A purchase says how much of its money was taken back": """
        UPDATE payments_transaction SET amount_minor = amount_minor + 1 WHERE id = {refund};
        UPDATE payments_transaction SET taken_back_minor = taken_back_minor + 1
        WHERE id = {refunded_charge}
    """,
    "A purchase says how many of its credits are reversed": """
        UPDATE membership_purchase SET reversed_credits = reversed_credits + 1
        WHERE id = {refunded};
        UPDATE membership_owedcredits SET credits = credits - 1 WHERE id = {owed}
    """,
    "What is taken back of a purchase is reversed or owed, rounded down to a hundredth": """
        UPDATE membership_owedcredits SET credits = credits + 1 WHERE id = {owed}
    """,
    "Credits are owed for money that was taken back of their own purchase": """
        UPDATE membership_owedcredits SET taking_id = {charge} WHERE id = {owed}
    """,
    "What is taken back of a purchase is credited on its receipt": """
        UPDATE billing_creditnoteline SET tax_minor = tax_minor + 1, total_minor = total_minor + 1,
               left_minor = left_minor - 1 WHERE credit_note_id = {last_refund_note};
        UPDATE billing_creditnote SET tax_minor = tax_minor + 1, total_minor = total_minor + 1
        WHERE id = {last_refund_note}
    """,
}


def books_of_takings(location, at):
    """A dispute that was won, then a refund after most was spent, and one that doesn't fit."""
    card = CardFactory(location=location, customer__member__location=location)
    bought = pending_purchase(card=card, at=at)
    pay_charge(charge=bought.charge, at=at)
    charge = Transaction.objects.get(pk=bought.charge_id)
    dispute = taking_of(charge, charge.amount_minor, "du_1", TakingKind.DISPUTE)
    follow_taking(charge_id=charge.pk, taking=dispute, at=at)
    won = taking_of(charge, charge.amount_minor, "du_1", TakingKind.DISPUTE, "returned")
    follow_taking(charge_id=charge.pk, taking=won, at=at)
    spend_credits(customer=card.customer, credits=Decimal(8), key="gone", at=at)
    for amount_minor, reference in ((800, "re_1"), (200, "re_2"), (9000, "re_3")):
        refund = taking_of(charge, amount_minor, reference)
        follow_taking(charge_id=charge.pk, taking=refund, at=at)
    owed, waived = OwedCredits.objects.order_by("pk")
    waive_owed(owed_id=waived.pk, note="A good member", by=UserFactory(), at=at)
    bought.refresh_from_db()
    notes = bought.receipt.credit_notes.order_by("pk")
    return {
        "refund": Transaction.objects.get(reference="re_1", charge=charge).pk,
        "returned_dispute": Transaction.objects.get(kind="dispute", charge=charge).pk,
        "refunded": bought.pk,
        "refunded_charge": charge.pk,
        "owed": owed.pk,
        "waived": waived.pk,
        "cancellation": notes[1].pk,
        "refund_note": notes[2].pk,
        "last_refund_note": notes[3].pk,
    }


def taking_of(charge, amount_minor, reference, kind=TakingKind.REFUND, state="taken"):
    return Taking(
        kind=kind,
        reference=reference,
        state=TakingState(state),
        charge=charge.reference,
        amount_minor=amount_minor,
        currency=charge.currency,
        livemode=charge.connection.livemode,
    )
