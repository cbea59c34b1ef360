"""Calls to the gateway around a charge, of a purchase or a bill. No transaction is open then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from membership.services.bill_charging import check_bill_charge
from membership.services.payment_notices import tell_purchase_needs_payer
from membership.services.purchases import check_purchase
from membership.services.settlement import ABANDONED, never_charged, settle_transaction
from payments.gateways.protocol import (
    ChargeOutcome,
    ChargeRequest,
    ChargeState,
    CustomerGone,
    GatewayRefused,
    GatewayShut,
    GatewayUnavailable,
    SetupOutcome,
    SetupState,
)
from payments.gateways.registry import abilities_of
from payments.models import Card, Transaction
from payments.services.card_testing import (
    TooManyFailedCards,
    begin_card_try,
    name_card_try,
    note_good_card,
    refuse_failing_cards,
)
from payments.services.cards import CARD_KNOWN, record_card
from payments.services.connecting import card_gateway_of, gateway_of, webhook_url
from payments.services.customers import gateway_customer, lose_cards, open_customer_setup

# A gateway forgets an idempotency key after a day at the earliest; a resend stays well inside.
RESEND_WITHIN = timedelta(hours=20)
# What a gateway doesn't list by then has never reached it.
LISTED_AFTER = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(hours=1)
# A card that is not entered or an authentication not passed by then is given up.
GIVE_UP_AFTER = timedelta(hours=1)
ASKED_A_RUN = 200


def open_card_setup(*, charge: Transaction, at: datetime) -> SetupOutcome:
    """Let the payer enter a new card for this charge; the browser gets the client secret.

    :raises TooManyFailedCards: the gateway was not asked; the attempt has failed by then
    :raises GatewayUnavailable, GatewayRefused: nothing was charged
    """
    try:
        tried = begin_card_try(
            connection=charge.connection,
            customer_id=charge.customer_id,
            user_id=charge.made_by_id,
            key=f"setup-{charge.key}",
            at=at,
        )
    except TooManyFailedCards as refusal:
        end_unsent(charge, refusal.code, at=at)
        raise
    setup = open_customer_setup(
        connection=charge.connection, customer=charge.customer, key=f"setup-{charge.key}"
    )
    with transaction.atomic():
        name_card_try(tried, setup_reference=setup.reference)
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


def pay_charge(*, charge: Transaction, at: datetime) -> ChargeOutcome | None:
    """Have a charge's card charged, or its page opened, once however often this is called.

    Answers None while the outcome is unknown; the charge then stays pending.

    :raises ValidationError: if it may not go ahead any more; nothing is charged
    """
    if charge.due_on:
        return None
    try:
        problem = _take_entered_card(charge)
    except GatewayUnavailable:
        return None
    if problem:
        end_unsent(charge, problem, at=at)
        return refresh_charge(charge=charge, at=at)
    if not _submit(charge, at=at):
        return refresh_charge(charge=charge, at=at)
    return _send(charge, at=at)


def refresh_charge(*, charge: Transaction, at: datetime) -> ChargeOutcome | None:
    """Ask the gateway how a pending charge went, and settle what it says.

    Answers None if there is nothing to ask about or no answer.
    """
    charge = _reread(charge)
    if charge.due_on:  # a person tells how a transfer went
        return None
    if charge.reference:
        try:
            outcome = gateway_of(charge.connection).read_charge(charge.reference)
        except (GatewayUnavailable, GatewayRefused):
            return None
        return _settle(charge, outcome, at=at)
    submitted = charge.state == Transaction.State.PENDING and charge.submitted_at
    if not submitted:
        return None
    if at - submitted < RESEND_WITHIN:
        return _send(charge, at=at, again=True)
    return _look_up(charge, submitted, at=at)


def give_up_charge(*, charge: Transaction, at: datetime) -> None:
    """Fail a charge that its payer left: no card entered, or no authentication passed.

    Money that arrives all the same still counts: success outranks failure.
    """
    charge = _reread(charge)
    if not charge.reference:
        end_unsent(charge, ABANDONED, at=at)  # if it was sent, its outcome is unknown, not over
        return
    try:
        outcome = gateway_of(charge.connection).cancel_charge(charge.reference)
    except (GatewayUnavailable, GatewayRefused):
        return
    if outcome.state is ChargeState.FAILED:
        outcome = replace(outcome, failure_code=ABANDONED)
    _settle(charge, outcome, at=at)


def charges_to_ask_about(*, at: datetime, older_than: timedelta) -> list[tuple[int, int]]:
    """Location and id of charges that are pending for longer than that.

    Those that were not asked about for the longest come first: some that stay pending hold up none.
    """
    return list(
        Transaction.objects.filter(
            state=Transaction.State.PENDING, due_on=None, created_at__lt=at - older_than
        )
        .order_by(F("asked_at").asc(nulls_first=True), "created_at")
        .values_list("location_id", "pk")[:ASKED_A_RUN]
    )


def ask_about_charge(*, charge_id: int, at: datetime) -> None:
    """Settle a charge that is pending for long as its gateway says; end one that was left."""
    charge = Transaction.objects.get(pk=charge_id)
    Transaction.objects.filter(pk=charge_id, state=Transaction.State.PENDING).update(asked_at=at)
    outcome = refresh_charge(charge=charge, at=at)
    if outcome and outcome.state is ChargeState.ACTION and charge.bill_id is None:
        with transaction.atomic():
            tell_purchase_needs_payer(charge_id, at=at)
    charge.refresh_from_db(fields=["state"])
    if charge.state == Transaction.State.PENDING and at - charge.created_at > GIVE_UP_AFTER:
        give_up_charge(charge=charge, at=at)


@transaction.atomic
def end_unsent(charge: Transaction, code: str, *, at: datetime) -> None:
    """Fail an attempt if it was not sent, so that nobody can send it any more."""
    with _locked_if_unsent(charge) as unsent:
        if unsent:
            _settle(unsent, never_charged(unsent, code), at=at)


def _take_entered_card(charge: Transaction) -> str:
    """Read the card that was entered in the browser; answers why there is none to charge.

    :raises GatewayUnavailable: if the gateway could not be asked
    """
    charge = _reread(charge)
    if _redirects(charge):
        return ""
    if charge.card is None:
        return "card_not_entered"
    return "" if charge.card.reference else _read_entered_card(charge, charge.card)


def _read_entered_card(charge: Transaction, card: Card) -> str:
    try:
        setup = card_gateway_of(charge.connection).read_setup(card.setup_reference)
    except GatewayRefused as refusal:
        return refusal.failure_code
    if setup.state is not SetupState.READY:
        return setup.failure_code or "card_not_entered"
    assert setup.card
    if not record_card(card, setup.card):
        return CARD_KNOWN
    note_good_card(card)
    if charge.state != Transaction.State.PENDING:  # entered in a tab that was left: let it go
        Card.objects.filter(pk=card.pk).exclude(state=Card.State.KEPT).update(
            state=Card.State.RELEASED
        )
    # A rival may have charged it and be done: what has succeeded may not be touched any more.
    Transaction.objects.filter(pk=charge.pk, state=Transaction.State.PENDING).update(
        paid_with=str(card)
    )
    return ""


def _submit(charge: Transaction, *, at: datetime) -> bool:
    """Claim the right to send the charge; only one caller gets it.

    :raises ValidationError: if it may not go ahead; the attempt has failed by then
    """
    with transaction.atomic(), _locked_if_unsent(charge) as unsent:
        if unsent is None:
            return False
        refusal = _refusal(unsent, at=at)
        if refusal is None:
            unsent.submitted_at = at
            unsent.save(update_fields=["submitted_at"])
            return True
        # Under the lock that was held for the check: no rival can send it in between.
        _settle(unsent, never_charged(unsent, refusal.code or "refused"), at=at)
    raise refusal


@contextmanager
def _locked_if_unsent(charge: Transaction) -> Iterator[Transaction | None]:
    locked = (
        Transaction.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connection", "card", "purchase__customer", "bill")
        .get(pk=charge.pk)
    )
    sent = locked.submitted_at or locked.state != Transaction.State.PENDING
    yield None if sent else locked


def _refusal(charge: Transaction, *, at: datetime) -> ValidationError | None:
    try:
        if charge.bill:
            check_bill_charge(charge)
        else:
            check_purchase(charge.purchase, at=at)
        if charge.card and charge.automatic_try is None:
            refuse_failing_cards(
                location_id=charge.location_id,
                customer_id=charge.customer_id,
                user_id=charge.made_by_id,
                at=at,
            )
    except ValidationError as refusal:
        return refusal
    return None


def _send(charge: Transaction, *, at: datetime, again: bool = False) -> ChargeOutcome | None:
    charge = _reread(charge)
    try:
        request = _request(charge)
        outcome = gateway_of(charge.connection).charge(request)
    except GatewayUnavailable:
        return None
    except CustomerGone as refusal:
        lose_cards(charge.connection, charge.customer, gone=request.customer)
        outcome = never_charged(charge, refusal.code)
    except GatewayShut as refusal:
        if again:  # it says nothing of what an earlier send has done
            return None
        outcome = never_charged(charge, refusal.failure_code)
    except GatewayRefused as refusal:
        outcome = never_charged(charge, refusal.failure_code)
    return _settle(charge, outcome, at=at)


def _request(charge: Transaction) -> ChargeRequest:
    """Ask for the charge in the same words every time: a resend must say the same."""
    request = ChargeRequest(
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        key=str(charge.key),
        description=_describe(charge),
        off_session=charge.automatic_try is not None,
    )
    if _redirects(charge):
        return replace(
            request, return_url=return_url(charge), notify_url=webhook_url(charge.connection)
        )
    assert charge.card
    return replace(
        request,
        customer=gateway_customer(charge.connection, charge.customer),
        card=charge.card.reference,
    )


def return_url(charge: Transaction) -> str:
    """Where a gateway sends the payer back to: one address for whatever was paid."""
    place = reverse("membership:payment_back", args=[charge.location.slug, charge.key])
    return f"{settings.BASE_URL}{place}"


def _redirects(charge: Transaction) -> bool:
    return abilities_of(charge.connection.gateway).redirects


def _look_up(charge: Transaction, submitted: datetime, *, at: datetime) -> ChargeOutcome | None:
    """Find a charge by its key when a resend might be a second charge."""
    try:
        outcome = _find(charge, since=submitted - CLOCKS_DIFFER)
    except (GatewayUnavailable, GatewayRefused):
        return None
    if outcome is None and at - submitted >= LISTED_AFTER:
        outcome = never_charged(charge, "never_arrived")
    return _settle(charge, outcome, at=at) if outcome else None


def _find(charge: Transaction, *, since: datetime) -> ChargeOutcome | None:
    gateway, key = gateway_of(charge.connection), str(charge.key)
    if _redirects(charge):
        return gateway.find_charge(customer="", key=key, since=since)
    customer = gateway_customer(charge.connection, charge.customer)
    try:
        return gateway.find_charge(customer=customer, key=key, since=since)
    except CustomerGone:  # what they paid is listed among the others'
        collected = gateway.collected_charges(since=since)
        return next((it for it in collected if it.key == key), None)


def _describe(charge: Transaction) -> str:
    """Say what it is for, from what is frozen."""
    if charge.bill:
        return f"Bill {charge.bill.number}"
    return f"{charge.purchase.credits.normalize():f} credits"


def _reread(charge: Transaction) -> Transaction:
    found: Transaction = Transaction.objects.select_related(
        "connection", "card", "customer", "purchase", "bill", "location"
    ).get(pk=charge.pk)
    return found


def _settle(charge: Transaction, outcome: ChargeOutcome, *, at: datetime) -> ChargeOutcome:
    settle_transaction(
        transaction_id=charge.pk, location_id=charge.location_id, outcome=outcome, at=at
    )
    return outcome
