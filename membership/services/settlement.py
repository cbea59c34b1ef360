"""What happens when a gateway says how a charge went. Page, webhook and sweeper all come here."""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from analytics.models import Source
from analytics.services import record_revenue
from billing.services import Buyer, issue_receipt
from community.database import loaded
from community.models import Location
from community.money import Tax, TaxedAmount
from membership.models import Purchase
from membership.services.bill_payment import (
    BillCharge,
    lock_bill_charge,
    pay_bill_by_charge,
    tell_failed_try,
)
from membership.services.crediting import Bought, credit_purchase, describe_credits
from membership.services.payment_notices import tell_failed_purchase
from membership.statements import (
    SettlementFacts,
    select_settlement,
    update_completed,
    update_state,
)
from payments.gateways.protocol import ChargeOutcome, ChargeState
from payments.models import Transaction
from payments.services.card_testing import note_failed_card
from payments.services.cards import settle_entered_card
from payments.services.reviewing import open_mismatch
from payments.statements import update_transaction

# The failure codes of what we end ourselves, before any money came.
ABANDONED = "abandoned"  # the buyer left
NOT_IN_TIME = "not_in_time"  # a transfer that did not come
WITHDRAWN = "withdrawn"  # a transfer that is not wanted any more
ENDS = {
    ABANDONED: Purchase.State.EXPIRED,
    NOT_IN_TIME: Purchase.State.EXPIRED,
    WITHDRAWN: Purchase.State.CANCELLED,
}
FAILED_BY_STAFF = "failed_by_staff"
OURS = {*ENDS, FAILED_BY_STAFF}
UNDER_WAY = {Purchase.State.PENDING, Purchase.State.AWAITING_PAYMENT}


ChargeFacts = SettlementFacts | BillCharge


class Settled(StrEnum):
    """What settling came to."""

    COMPLETED = "completed"
    FAILED = "failed"
    ALREADY = "already"
    WAITING = "waiting"
    MISMATCH = "mismatch"


@transaction.atomic
def settle_transaction(
    *, transaction_id: int, location_id: int, outcome: ChargeOutcome, at: datetime
) -> Settled:
    """Record what became of a charge and do all that follows from it, once.

    Idempotent and safe in any order: success outranks failure, and nothing leaves success.
    Money that does not match what was asked for, or comes a second time, grants nothing and is
    for staff to review (Settled.MISMATCH).
    """
    facts: ChargeFacts
    facts = select_settlement(transaction_id, location_id) or lock_bill_charge(
        transaction_id, location_id
    )
    if nothing_new := _overtaken(facts, outcome):
        return nothing_new
    if not _matches(facts, outcome):
        _have_reviewed(facts, outcome, location_id, at=at)
        return Settled.MISMATCH
    if outcome.state is ChargeState.SUCCEEDED:
        _succeed(facts, outcome, at=at)
        return Settled.COMPLETED
    if facts.transaction_state == Transaction.State.FAILED:
        return Settled.ALREADY
    if outcome.state is ChargeState.FAILED:
        _fail(facts, outcome, at=at)
        return Settled.FAILED
    Transaction.objects.filter(pk=facts.transaction_id).update(reference=outcome.reference)
    return Settled.WAITING


def _overtaken(facts: ChargeFacts, outcome: ChargeOutcome) -> Settled | None:
    """Tell an outcome that says nothing any more: something better was heard before."""
    if facts.reference and not outcome.reference:
        return Settled.WAITING  # the gateway did hear of it
    is_new_money = outcome.state is ChargeState.SUCCEEDED and not _matches(facts, outcome)
    return Settled.ALREADY if facts.is_settled and not is_new_money else None


def never_charged(charge: Transaction, code: str) -> ChargeOutcome:
    """What became of a charge that we end ourselves, before a gateway heard of it."""
    return ChargeOutcome(
        reference=charge.reference,
        state=ChargeState.FAILED,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        livemode=charge.connection.livemode,
        key=str(charge.key),
        failure_code=code,
    )


def _matches(facts: ChargeFacts, outcome: ChargeOutcome) -> bool:
    return (
        (outcome.amount_minor, outcome.currency) == (facts.amount_minor, facts.currency)
        and outcome.livemode == facts.livemode
        and facts.reference in {"", outcome.reference}
    )


def _have_reviewed(
    facts: ChargeFacts, outcome: ChargeOutcome, location_id: int, *, at: datetime
) -> None:
    open_mismatch(
        charge_id=facts.transaction_id,
        location_id=location_id,
        expected={
            "amount_minor": facts.amount_minor,
            "currency": facts.currency,
            "livemode": facts.livemode,
            "reference": facts.reference,
        },
        reported={
            "amount_minor": outcome.amount_minor,
            "currency": outcome.currency,
            "livemode": outcome.livemode,
            "reference": outcome.reference,
            "state": str(outcome.state),
        },
        at=at,
    )


def _succeed(facts: ChargeFacts, outcome: ChargeOutcome, *, at: datetime) -> None:
    """Note the money, and hand on to what it paid for."""
    if isinstance(facts, BillCharge):
        pay_bill_by_charge(facts.charge, at=at)
    update_transaction(
        transaction_id=facts.transaction_id,
        state=Transaction.State.SUCCEEDED,
        reference=outcome.reference,
        failure_code="",
        at=at,
    )
    if isinstance(facts, SettlementFacts):
        _complete(facts, at=at)
    if facts.card_id and facts.card_is_new:
        settle_entered_card(facts.card_id, keep=facts.keep_card)


def _complete(facts: SettlementFacts, *, at: datetime) -> None:
    """Credits, receipt, revenue and notification: all of it or nothing.

    Locks in the one order: the transaction and purchase are held, then come wallet,
    document number, rollup slot.
    """
    location = _location(facts)
    booked = credit_purchase(_bought(facts), location=location, at=at)
    receipt_id = _write_documents(facts, location, at=at)
    update_completed(
        purchase_id=facts.purchase_id,
        accrual_id=booked.entry_id,
        receipt_id=receipt_id,
        at=at,
    )


def _bought(facts: SettlementFacts) -> Bought:
    return Bought(
        purchase_id=facts.purchase_id,
        key=facts.purchase_key,
        customer_id=facts.customer_id,
        company_id=facts.company_id,
        company_name=facts.company_name,
        credits=facts.credits,
        expiry_months=facts.expiry_months,
        net_minor=facts.net_minor,
        made_by_id=facts.made_by_id,
    )


def _write_documents(facts: SettlementFacts, location: Location, *, at: datetime) -> int:
    description = describe_credits(facts.credits, facts.locale)
    receipt = issue_receipt(
        location=location,
        buyer=_buyer(facts),
        description=description,
        amount=TaxedAmount(net_minor=facts.net_minor, tax_minor=facts.tax_minor),
        tax=Tax(facts.tax_name, facts.tax_percent, facts.tax_included, facts.exemption),
        currency=facts.currency,
        paid_with=facts.paid_with,
        is_test=not facts.livemode,
        at=at,
    )
    record_revenue(
        location=location,
        source=Source.CREDITS,
        method=facts.gateway,
        label=description,
        net_minor=facts.net_minor,
        key=f"purchase:{facts.purchase_id}",
        at=at,
    )
    return receipt.receipt_id


def _buyer(facts: SettlementFacts) -> Buyer:
    return Buyer(
        customer_id=facts.customer_id,
        name=facts.buyer_name,
        email=facts.buyer_email,
        address=facts.buyer_address,
        vat_number=facts.buyer_vat_number,
        reference=facts.buyer_reference,
    )


def _fail(facts: ChargeFacts, outcome: ChargeOutcome, *, at: datetime) -> None:
    update_transaction(
        transaction_id=facts.transaction_id,
        state=Transaction.State.FAILED,
        reference=outcome.reference,
        failure_code=outcome.failure_code[:60],
        at=at,
    )
    if facts.card_id and facts.card_is_new:
        settle_entered_card(facts.card_id, keep=False)
    if outcome.reference and outcome.failure_code not in OURS:
        _count_failed_card(facts, at=at)
    if isinstance(facts, BillCharge):
        tell_failed_try(facts.charge, at=at)
    elif facts.purchase_state in UNDER_WAY:
        end = ENDS.get(outcome.failure_code, Purchase.State.FAILED)
        update_state(purchase_id=facts.purchase_id, state=end)
        tell_failed_purchase(facts.transaction_id, at=at)


def _count_failed_card(facts: ChargeFacts, *, at: datetime) -> None:
    """A card that its bank declined; who lets a machine try a kept one again tests no cards."""
    if facts.card_id is None or facts.is_automatic:
        return
    note_failed_card(
        location_id=facts.location_id,
        customer_id=facts.customer_id,
        user_id=facts.made_by_id,
        key=f"charge-{facts.transaction_id}",
        at=at,
    )


def _location(facts: SettlementFacts) -> Location:
    values = {
        "id": facts.location_id,
        "name": facts.location_name,
        "currency": facts.location_currency,
        "time_zone": facts.time_zone,
        "locale": facts.locale,
        "legal_name": facts.legal_name,
        "address": facts.address,
        "vat_number": facts.vat_number,
        "registration_number": facts.registration_number,
        "document_footer": facts.document_footer,
        "document_prefix": facts.document_prefix,
    }
    return loaded(Location, values)
