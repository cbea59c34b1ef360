import pytest
import stripe

from tests.stack.test_stripe_standin.conftest import pay


def refund(api, intent, **wanted):
    return api.refunds.create({"payment_intent": intent.id} | wanted)


def test_a_charge_is_refunded_in_parts_up_to_its_amount(api):
    intent = pay(api, payment_method="pm_card_visa")

    refund(api, intent, amount=500, reason="requested_by_customer")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refund(api, intent, amount=1001)
    rest = refund(api, intent)

    charge = api.charges.retrieve(intent.latest_charge)
    assert rest.amount == 1000
    assert (charge.amount_refunded, charge.refunded) == (1500, True)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(api, intent)
    assert caught.value.code == "charge_already_refunded"


@pytest.mark.parametrize("amount", [0, -100])
def test_a_refund_is_more_than_nothing(api, amount):
    intent = pay(api, payment_method="pm_card_visa")

    with pytest.raises(stripe.InvalidRequestError):
        refund(api, intent, amount=amount)


def test_a_payment_that_did_not_succeed_cannot_be_refunded(api):
    intent = pay(api, payment_method="pm_card_authenticationRequired")

    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        refund(api, intent)


def test_a_dispute_takes_the_money_at_once_and_winning_brings_it_back(api):
    intent = pay(api, payment_method="pm_card_createDispute")
    dispute = api.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.amount) == ("needs_response", 1500)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(api, intent)
    assert caught.value.code == "charge_disputed"

    won = api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})

    kinds = [event.type for event in api.events.list({"type": "charge.dispute.*"}).data]
    assert won.status == "won"
    assert kinds == [
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.created",
    ]


def test_a_dispute_that_is_given_up_is_lost_and_stays_lost(api):
    pay(api, payment_method="pm_card_createDispute")
    dispute = api.disputes.list().data[0]

    assert api.disputes.close(dispute.id).status == "lost"

    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        api.disputes.close(dispute.id)


def test_an_inquiry_moves_no_money(api, book):
    pay(api, payment_method="pm_card_createDisputeInquiry")

    kinds = [event.type for event in api.events.list({"type": "charge.dispute.*"}).data]

    assert api.disputes.list().data[0].status == "warning_needs_response"
    assert kinds == ["charge.dispute.created"]
    assert [entry["kind"] for entry in book()["data"]] == ["charge"]


def test_the_book_holds_every_movement_and_equals_the_charges(api, book):
    kept = pay(api, payment_method="pm_card_visa")
    refund(api, pay(api, payment_method="pm_card_visa", amount=900), amount=400)
    with pytest.raises(stripe.CardError):
        pay(api, payment_method="pm_card_chargeDeclined")
    pay(api, payment_method="pm_card_createDispute", amount=700)
    pay(api, payment_method="pm_card_visa", amount=300, currency="jpy")

    whole = book()

    moved = [(entry["kind"], entry["amount"], entry["currency"]) for entry in whole["data"]]
    assert moved == [
        ("charge", 1500, "eur"),
        ("charge", 900, "eur"),
        ("refund", -400, "eur"),
        ("charge", 700, "eur"),
        ("dispute_withdrawn", -700, "eur"),
        ("charge", 300, "jpy"),
    ]
    assert whole["data"][0]["payment_intent"] == kept.id
    assert whole["totals"] == {"eur": 2000, "jpy": 300}
    charges = api.charges.list().data
    assert sum(charge.amount_captured for charge in charges) == sum(
        entry["amount"] for entry in whole["data"] if entry["kind"] == "charge"
    )


def test_a_charge_has_a_balance_transaction_with_its_fee(api):
    intent = pay(api, payment_method="pm_card_visa", expand=["latest_charge.balance_transaction"])

    transaction = intent.latest_charge.balance_transaction
    assert (transaction.amount, transaction.fee, transaction.net) == (1500, 47, 1453)
    assert api.balance.retrieve().pending[0].amount == 1453
