"""Calls to the gateway around a purchase. No transaction is open while it is asked."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from membership.models import Purchase
from membership.services.purchases import check_purchase
from membership.services.settlement import ABANDONED, settle_transaction
from payments.gateways.protocol import (
    ChargeOutcome,
    ChargeRequest,
    ChargeState,
    GatewayRefused,
    GatewayShut,
    GatewayUnavailable,
    SetupOutcome,
    SetupState,
)
from payments.models import Card, Transaction
from payments.services.cards import record_card
from payments.services.connecting import gateway_customer, gateway_of

# A gateway forgets an idempotency key after a day at the earliest; a resend stays well inside.
RESEND_WITHIN = timedelta(hours=20)
# A card that is not entered or an authentication not passed by then is given up.
GIVE_UP_AFTER = timedelta(hours=1)


def open_card_setup(*, purchase: Purchase, at: datetime) -> SetupOutcome:
    """Let the buyer enter a new card for this purchase; the browser gets the client secret.

    :raises GatewayUnavailable, GatewayRefused: nothing was charged
    """
    charge = purchase.charge
    assert charge
    gateway = gateway_of(charge.connection)
    setup = gateway.open_setup(
        customer=gateway_customer(charge.connection, purchase.customer),
        key=f"setup-{charge.key}",
    )
    with transaction.atomic():
        card, _made = Card.objects.get_or_create(
            connection=charge.connection,
            setup_reference=setup.reference,
            defaults={
                "location_id": charge.location_id,
                "customer_id": charge.customer_id,
                "state": Card.State.ENTERED,
                "created_at": at,
            },
        )
        Transaction.objects.filter(pk=charge.pk, card=None).update(card=card)
    return setup


def pay_purchase(*, purchase: Purchase, at: datetime) -> ChargeOutcome | None:
    """Charge the purchase's card, once however often it is called.

    Answers None while the outcome is unknown; the purchase then stays pending.

    :raises ValidationError: if the purchase may not go ahead any more; nothing is charged
    """
    try:
        problem = _take_entered_card(purchase)
    except GatewayUnavailable:
        return None
    if problem:
        _end_unsent(purchase, problem, at=at)
        return refresh_purchase(purchase=purchase, at=at)
    if not _submit(purchase, at=at):
        return refresh_purchase(purchase=purchase, at=at)
    return _charge(purchase, at=at)


def refresh_purchase(*, purchase: Purchase, at: datetime) -> ChargeOutcome | None:
    """Ask the gateway how a pending charge went, and settle what it says.

    Answers None if there is nothing to ask about or no answer.
    """
    charge = Transaction.objects.select_related("connection").get(pk=_charge_id(purchase))
    if charge.reference:
        try:
            outcome = gateway_of(charge.connection).read_charge(charge.reference)
        except (GatewayUnavailable, GatewayRefused):
            return None
        return _settle(purchase, outcome, at=at)
    submitted = charge.state == Transaction.State.PENDING and charge.submitted_at
    if submitted and at - submitted < RESEND_WITHIN:
        return _charge(purchase, at=at, again=True)
    return None


def give_up_purchase(*, purchase: Purchase, at: datetime) -> None:
    """Expire a purchase that its buyer left: no card entered, or no authentication passed.

    Money that arrives all the same is credited: expired purchases still complete.
    """
    charge = Transaction.objects.select_related("connection").get(pk=_charge_id(purchase))
    if not charge.reference:
        _end_unsent(purchase, ABANDONED, at=at)  # if it was sent, its outcome is unknown, not over
        return
    try:
        outcome = gateway_of(charge.connection).cancel_charge(charge.reference)
    except (GatewayUnavailable, GatewayRefused):
        return
    if outcome.state is ChargeState.FAILED:
        outcome = replace(outcome, failure_code=ABANDONED)
    _settle(purchase, outcome, at=at)


def purchases_to_ask_about(*, at: datetime, older_than: timedelta) -> list[UUID]:
    """Keys of purchases that are pending for longer than that, oldest first."""
    return list(
        Purchase.objects.filter(state=Purchase.State.PENDING, created_at__lt=at - older_than)
        .order_by("created_at")
        .values_list("key", flat=True)[:200]
    )


def _take_entered_card(purchase: Purchase) -> str:
    """Read the card that was entered in the browser; answers why there is none to charge.

    :raises GatewayUnavailable: if the gateway could not be asked
    """
    charge = Transaction.objects.select_related("connection", "card").get(pk=_charge_id(purchase))
    if charge.card is None:
        return "card_not_entered"
    if charge.card.reference:
        return ""
    try:
        setup = gateway_of(charge.connection).read_setup(charge.card.setup_reference)
    except GatewayRefused as refusal:
        return refusal.code
    if setup.state is not SetupState.READY:
        return setup.failure_code or "card_not_entered"
    assert setup.card
    record_card(charge.card, setup.card)
    # A rival may have charged it and be done: what has succeeded may not be touched any more.
    Transaction.objects.filter(pk=charge.pk, state=Transaction.State.PENDING).update(
        paid_with=str(charge.card)
    )
    return ""


def _submit(purchase: Purchase, *, at: datetime) -> bool:
    """Claim the right to send the charge; only one caller gets it.

    :raises ValidationError: if the purchase may not go ahead; the attempt has failed by then
    """
    with transaction.atomic():
        charge = _lock_unsent(purchase)
        if charge is None:
            return False
        refusal = _refusal(purchase, at=at)
        if refusal is None:
            charge.submitted_at = at
            charge.save(update_fields=["submitted_at"])
            return True
        # Under the lock that was held for the check: no rival can send it in between.
        _settle(purchase, _never_charged(charge, refusal.code or "refused"), at=at)
    raise refusal


@transaction.atomic
def _end_unsent(purchase: Purchase, code: str, *, at: datetime) -> None:
    """Fail an attempt if it was not sent, so that nobody can send it any more."""
    charge = _lock_unsent(purchase)
    if charge is not None:
        _settle(purchase, _never_charged(charge, code), at=at)


def _lock_unsent(purchase: Purchase) -> Transaction | None:
    charge = (
        Transaction.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connection")
        .get(pk=_charge_id(purchase))
    )
    sent = charge.submitted_at or charge.state != Transaction.State.PENDING
    return None if sent else charge


def _refusal(purchase: Purchase, *, at: datetime) -> ValidationError | None:
    try:
        check_purchase(purchase, at=at)
    except ValidationError as refusal:
        return refusal
    return None


def _charge(purchase: Purchase, *, at: datetime, again: bool = False) -> ChargeOutcome | None:
    charge = Transaction.objects.select_related("connection", "card").get(pk=_charge_id(purchase))
    assert charge.card
    gateway = gateway_of(charge.connection)
    try:
        outcome = gateway.charge(
            ChargeRequest(
                amount_minor=charge.amount_minor,
                currency=charge.currency,
                customer=gateway_customer(charge.connection, purchase.customer),
                card=charge.card.reference,
                key=str(charge.key),
                # From what is frozen: a resend must say the same, word for word.
                description=f"{purchase.credits.normalize():f} credits",
            )
        )
    except GatewayUnavailable:
        return None
    except GatewayShut as refusal:
        if again:  # it says nothing of what an earlier send has done
            return None
        outcome = _never_charged(charge, refusal.code)
    except GatewayRefused as refusal:
        outcome = _never_charged(charge, refusal.code)
    return _settle(purchase, outcome, at=at)


def _settle(purchase: Purchase, outcome: ChargeOutcome, *, at: datetime) -> ChargeOutcome:
    settle_transaction(
        transaction_id=_charge_id(purchase),
        location_id=purchase.location_id,
        outcome=outcome,
        at=at,
    )
    return outcome


def _charge_id(purchase: Purchase) -> int:
    assert purchase.charge_id, "only what is paid at a gateway comes here"
    return purchase.charge_id


def _never_charged(charge: Transaction, code: str) -> ChargeOutcome:
    return ChargeOutcome(
        reference=charge.reference,
        state=ChargeState.FAILED,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        livemode=charge.connection.livemode,
        key=str(charge.key),
        failure_code=code,
    )
