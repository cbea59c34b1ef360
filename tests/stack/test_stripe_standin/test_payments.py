import time

import pytest
import stripe

from tests.stack.test_stripe_standin.conftest import pay, set_up

DECLINES = {
    "chargeDeclined": ("card_declined", "generic_decline"),
    "chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "chargeDeclinedStolenCard": ("card_declined", "stolen_card"),
    "chargeDeclinedExpiredCard": ("expired_card", "expired_card"),
    "chargeDeclinedIncorrectCvc": ("incorrect_cvc", "incorrect_cvc"),
    "chargeDeclinedProcessingError": ("processing_error", "processing_error"),
}


def raw_card(number, *, month=12, year=None, cvc="123"):
    year = year or time.gmtime().tm_year + 2
    return {
        "type": "card",
        "card": {"number": number, "exp_month": month, "exp_year": year, "cvc": cvc},
    }


def test_a_saved_card_is_charged(api, customer):
    card = set_up(api, customer, "visa")

    intent = pay(
        api,
        customer=customer,
        payment_method=card,
        metadata={"purchase": "17"},
        expand=["latest_charge"],
    )

    assert intent.status == "succeeded"
    assert intent.amount_received == 1500
    assert intent.latest_charge.paid
    assert intent.latest_charge.metadata["purchase"] == "17"
    assert intent.latest_charge.payment_method_details.card.last4 == "4242"


def test_a_setup_intent_attaches_the_card_to_its_customer(api, customer):
    card = set_up(api, customer, "mastercard")

    cards = api.payment_methods.list({"customer": customer, "type": "card"}).data

    assert [(kept.id, kept.card.brand) for kept in cards] == [(card, "mastercard")]


@pytest.mark.parametrize(("card", "codes"), DECLINES.items())
def test_a_declined_card_leaves_a_failed_charge_and_an_open_intent(api, card, codes):
    with pytest.raises(stripe.CardError) as caught:
        pay(api, payment_method=f"pm_card_{card}")

    error = caught.value.error
    intent = api.payment_intents.retrieve(error.payment_intent.id)
    assert (caught.value.http_status, error.code, error.decline_code) == (402, *codes)
    assert intent.status == "requires_payment_method"
    assert intent.payment_method is None
    assert intent.last_payment_error.decline_code == codes[1]
    assert [charge.paid for charge in api.charges.list({"payment_intent": intent.id}).data] == [
        False
    ]


@pytest.mark.parametrize("card", DECLINES)
def test_a_declined_card_cannot_be_set_up(api, customer, card):
    with pytest.raises(stripe.CardError) as caught:
        set_up(api, customer, card)

    assert caught.value.error.setup_intent.status == "requires_payment_method"
    assert api.payment_methods.list({"customer": customer}).data == []


def test_one_card_is_set_up_and_declines_when_it_is_charged(api, customer):
    card = set_up(api, customer, "chargeCustomerFail")

    with pytest.raises(stripe.CardError):
        pay(api, customer=customer, payment_method=card)


def test_a_payment_that_was_declined_succeeds_with_another_card(api):
    with pytest.raises(stripe.CardError) as caught:
        pay(api, payment_method="pm_card_chargeDeclined")

    intent = api.payment_intents.confirm(
        caught.value.error.payment_intent.id, {"payment_method": "pm_card_visa"}
    )

    assert intent.status == "succeeded"
    assert intent.last_payment_error is None


def test_a_card_that_is_set_up_with_3d_secure_pays_without_it(api, customer, authenticate):
    parked = api.setup_intents.create(
        {
            "customer": customer,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "payment_method_types": ["card"],
            "confirm": True,
        }
    )

    authenticate(parked, success="true")

    assert parked.status == "requires_action"
    for_later = {"customer": customer, "payment_method": parked.payment_method}
    assert pay(api, **for_later).status == "succeeded"
    assert pay(api, **for_later, off_session=True).status == "succeeded"


def test_3d_secure_failed_at_set_up_keeps_no_card(api, customer, authenticate):
    parked = api.setup_intents.create(
        {
            "customer": customer,
            "payment_method": "pm_card_authenticationRequired",
            "payment_method_types": ["card"],
            "confirm": True,
        }
    )

    with pytest.raises(stripe.CardError) as caught:
        authenticate(parked, success="false")

    assert caught.value.code == "setup_intent_authentication_failure"
    assert api.payment_methods.list({"customer": customer}).data == []


def test_3d_secure_passed_on_a_payment_charges_it_once(api, authenticate):
    intent = pay(api, payment_method="pm_card_authenticationRequired")
    assert intent.status == "requires_action"

    authenticate(intent, success="true")

    assert api.payment_intents.retrieve(intent.id).status == "succeeded"
    assert len(api.charges.list({"payment_intent": intent.id}).data) == 1
    with pytest.raises(stripe.InvalidRequestError):
        authenticate(intent, success="true")


def test_3d_secure_failed_on_a_payment_charges_nothing(api, authenticate):
    intent = pay(api, payment_method="pm_card_threeDSecure2Required")

    with pytest.raises(stripe.CardError) as caught:
        authenticate(intent, success="false")

    assert caught.value.code == "payment_intent_authentication_failure"
    assert api.payment_intents.retrieve(intent.id).status == "requires_payment_method"
    assert api.charges.list({"payment_intent": intent.id}).data == []


def test_a_card_may_decline_after_3d_secure_was_passed(api, authenticate):
    intent = pay(api, payment_method="pm_card_threeDSecureRequiredChargeDeclined")

    with pytest.raises(stripe.CardError) as caught:
        authenticate(intent, success="true")

    assert caught.value.code == "card_declined"


def test_nobody_there_to_authenticate_is_a_decline_that_the_customer_can_take_up(
    api, customer, authenticate
):
    card = set_up(api, customer, "authenticationRequiredSetupForOffSession")
    never = api.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer})

    with pytest.raises(stripe.CardError) as caught:
        pay(api, customer=customer, payment_method=never.id, off_session=True)

    intent = caught.value.error.payment_intent
    assert caught.value.code == "authentication_required"
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    authenticate(intent, success="true")
    assert api.payment_intents.retrieve(intent.id).status == "succeeded"
    assert pay(api, customer=customer, payment_method=card, off_session=True).status == "succeeded"


def test_a_card_of_another_customer_is_refused(api, customer):
    card = set_up(api, customer, "visa")
    stranger = api.customers.create().id

    with pytest.raises(stripe.InvalidRequestError, match="does not belong to the Customer"):
        pay(api, customer=stranger, payment_method=card)
    with pytest.raises(stripe.InvalidRequestError, match="belongs to the Customer"):
        pay(api, payment_method=card)
    assert api.charges.list().data == []


def test_a_card_that_was_used_without_a_customer_or_detached_is_used_up(api, customer):
    unattached = api.payment_methods.create(raw_card("4242424242424242")).id
    pay(api, payment_method=unattached)
    detached = set_up(api, customer, "visa")
    api.payment_methods.detach(detached)

    for card in (unattached, detached):
        with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
            pay(api, customer=customer, payment_method=card)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4111111111111111"}, "card_declined"),
        ({"number": "4242424242424242", "month": 13}, "invalid_expiry_month"),
        ({"number": "4242424242424242", "year": 2020}, "invalid_expiry_year"),
        ({"number": "4242424242424242", "cvc": "12"}, "invalid_cvc"),
    ],
)
def test_a_card_that_cannot_be_right_is_refused(api, wrong, code):
    with pytest.raises(stripe.CardError) as caught:
        api.payment_methods.create(raw_card(**wrong))

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount": 49}, "amount_too_small"),
        ({"amount": 100_000_000}, "amount_too_large"),
        ({"amount": "12.5"}, "parameter_invalid_integer"),
        ({"amount": 5005, "currency": "kwd"}, "parameter_invalid_integer"),
        ({"currency": "zzz"}, None),
        ({"customer": "cus_nobody"}, "resource_missing"),
        ({"colour": "red"}, "parameter_unknown"),
        ({"metadata": {"note": "x" * 501}}, None),
    ],
)
def test_a_request_that_cannot_be_right_does_nothing(api, wrong, code):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        pay(api, payment_method="pm_card_visa", **wrong)

    assert (caught.value.http_status, caught.value.code) == (400, code)
    assert api.payment_intents.list().data == []


def test_a_finished_payment_can_be_neither_confirmed_nor_cancelled(api):
    intent = pay(api, payment_method="pm_card_visa")

    for verb in (api.payment_intents.confirm, api.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            verb(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"


def test_a_parked_payment_can_be_cancelled(api):
    intent = pay(api, payment_method="pm_card_authenticationRequired")

    cancelled = api.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")


def test_without_card_only_types_a_server_must_say_where_to_come_back(api):
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        api.payment_intents.create(
            {"amount": 900, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
        )


def test_payments_are_listed_by_customer_newest_first_in_pages(api, customer):
    card = set_up(api, customer, "visa")
    paid = [pay(api, customer=customer, payment_method=card).id for _ in range(5)]
    pay(api, payment_method="pm_card_visa")

    first = api.payment_intents.list({"customer": customer, "limit": 2})

    assert [intent.id for intent in first.auto_paging_iter()] == paid[::-1]
    assert first.has_more
    assert api.payment_intents.list({"created": {"gt": int(time.time()) + 60}}).data == []
