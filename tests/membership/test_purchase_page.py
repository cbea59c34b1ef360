from uuid import uuid4

import pytest
from django.core.cache import cache

from membership.models import Purchase
from membership.services.paying import pay_charge, refresh_charge
from membership.services.settlement import settle_transaction
from payments.gateways.fake import FakeGateway
from payments.gateways.protocol import ChargeState, GatewayRefused, GatewayUnavailable
from payments.models import Card, Transaction
from tests.factories import (
    NOON,
    CustomerFactory,
    OptionFactory,
    RoleFactory,
    pending_purchase,
)
from tests.membership.shop import address, words

SETTLEMENT_QUERIES = 9  # seven statements between a savepoint and its release


@pytest.fixture(autouse=True)
def nothing_remembered():
    cache.clear()


@pytest.fixture
def purchase(card):
    """Confirmed by its buyer; the gateway hasn't heard of it."""
    return pending_purchase(card=card)


@pytest.fixture
def mias(card, signed_in):
    return signed_in(card.customer.member.user)


def page_of(client, purchase, name="purchase"):
    return client.get(address(purchase.location, name, purchase.key))


def test_success_shows_credits_balance_card_and_receipt(purchase, mias):
    pay_charge(charge=purchase.charge, at=NOON)

    page = words(page_of(mias, purchase))

    purchase.refresh_from_db()
    assert "10 credits added</h1>" in page
    assert 'data-testid="balance">10<' in page
    assert "Visa •••• 4242" in page
    assert purchase.receipt.number in page


def test_looking_at_a_pending_purchase_settles_what_the_gateway_knows(
    purchase, card_that, mias, fake_gateway, invariants_hold
):
    card_that("needs_action")
    pay_charge(charge=purchase.charge, at=NOON)
    fake_gateway.finish_action("pi_1", ChargeState.SUCCEEDED)

    assert "10 credits added" in words(page_of(mias, purchase))
    assert "10 credits added" in words(page_of(mias, purchase))
    assert Purchase.objects.get().state == Purchase.State.COMPLETED
    invariants_hold()


def test_a_purchase_that_waits_for_the_bank_can_be_confirmed_from_its_page(
    purchase, card_that, mias
):
    card_that("needs_action")
    pay_charge(charge=purchase.charge, at=NOON)

    page = words(page_of(mias, purchase))

    assert "Your bank wants you to confirm" in page
    assert 'data-client-secret="pi_1_secret"' in page
    assert "is not charged yet" in page


def test_an_unknown_outcome_says_that_nobody_needs_to_pay_again(
    purchase, card_that, mias, monkeypatch
):
    card_that("loses_the_answer")
    pay_charge(charge=purchase.charge, at=NOON)

    def silence(*_, **_facts):
        raise GatewayUnavailable("no answer")

    monkeypatch.setattr(FakeGateway, "charge", silence)
    monkeypatch.setattr(FakeGateway, "find_charge", silence)
    page = words(page_of(mias, purchase))

    assert "Still confirming" in page
    assert "you don't need to pay again" in page
    assert "hx-get" in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_second_payment_is_begun_while_the_first_is_being_checked(
    purchase, card_that, mias, method
):
    card_that("loses_the_answer")
    pay_charge(charge=purchase.charge, at=NOON)
    checkout = address(purchase.location, "checkout", purchase.option_id)

    response = getattr(mias, method)(checkout)

    assert response["Location"] == address(purchase.location, "purchase", purchase.key)
    assert Purchase.objects.count() == 1


def test_another_option_can_be_bought_while_a_payment_is_being_checked(purchase, card_that, mias):
    card_that("loses_the_answer")
    pay_charge(charge=purchase.charge, at=NOON)
    other = OptionFactory(location=purchase.location)

    page = mias.get(address(purchase.location, "checkout", other.pk))

    assert "Buy 10 credits" in words(page)


def test_who_waits_for_their_bank_to_ask_may_begin_anew(purchase, card_that, mias):
    card_that("needs_action")
    pay_charge(charge=purchase.charge, at=NOON)

    page = mias.get(address(purchase.location, "checkout", purchase.option_id))

    assert "Buy 10 credits" in words(page)


def test_a_purchase_without_a_card_can_be_started_again(purchase, mias):
    Transaction.objects.update(card=None)

    page = words(page_of(mias, purchase))

    assert "This purchase was not finished" in page
    assert "nothing was charged" in page
    assert address(purchase.location, "checkout", purchase.option_id) in page


def test_a_declined_purchase_leads_back_to_the_checkout(purchase, card_that, mias):
    card_that("is_declined")
    pay_charge(charge=purchase.charge, at=NOON)

    response = page_of(mias, purchase)

    assert response.status_code == 302
    assert "was declined: not enough funds." in words(mias.get(response["Location"]))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("parameter_invalid", "The payment service did not take this payment."),
        (
            "amount_too_large",
            "did not take this payment: the amount is above what the payment service takes.",
        ),
    ],
)
def test_a_refused_request_is_not_laid_to_the_bank(purchase, mias, monkeypatch, code, said):
    def refuse(*_):
        raise GatewayRefused(code, "refused")

    monkeypatch.setattr(FakeGateway, "charge", refuse)
    pay_charge(charge=purchase.charge, at=NOON)

    page = words(mias.get(page_of(mias, purchase)["Location"]))

    assert said in page
    assert "was declined" not in page
    assert "the bank" not in page
    told = words(mias.get(address(purchase.location, "payments")))
    assert said.split(": ")[-1].rstrip(".").lower() in told.lower()


def test_the_pending_page_polls_and_is_sent_on_once_it_is_over(
    purchase, card_that, mias, fake_gateway
):
    card_that("needs_action")
    pay_charge(charge=purchase.charge, at=NOON)
    waiting = page_of(mias, purchase, "purchase_status")
    fake_gateway.finish_action("pi_1", ChargeState.SUCCEEDED)
    cache.clear()

    over = page_of(mias, purchase, "purchase_status")

    assert "HX-Redirect" not in waiting
    assert "hx-trigger" in words(waiting)
    assert over["HX-Redirect"] == address(purchase.location, "purchase", purchase.key)


def test_polling_asks_the_gateway_only_now_and_then(purchase, card_that, mias, monkeypatch):
    card_that("needs_action")
    pay_charge(charge=purchase.charge, at=NOON)
    asked = []
    read = FakeGateway.read_charge
    monkeypatch.setattr(
        FakeGateway, "read_charge", lambda self, ref: asked.append(ref) or read(self, ref)
    )

    for _ in range(3):
        page_of(mias, purchase, "purchase_status")

    assert asked == ["pi_1"]


def test_a_pending_purchase_is_settled_even_while_the_cache_is_down(
    purchase, card_that, mias, fake_gateway, no_cache
):
    card_that("needs_action")
    pay_charge(charge=purchase.charge, at=NOON)
    fake_gateway.finish_action("pi_1", ChargeState.SUCCEEDED)

    assert page_of(mias, purchase, "purchase_status")["HX-Redirect"]


@pytest.mark.parametrize("name", ["purchase", "purchase_status"])
def test_a_purchase_is_its_buyer_s_alone(purchase, client, name):
    colleague = CustomerFactory(member__location=purchase.location).member
    client.force_login(colleague.user)

    assert page_of(client, purchase, name).status_code == 404


def test_nobody_confirms_another_s_purchase(purchase, client, fake_gateway):
    colleague = CustomerFactory(member__location=purchase.location).member
    client.force_login(colleague.user)

    response = client.post(address(purchase.location, "confirm_purchase", purchase.key))

    assert response.status_code == 404
    assert fake_gateway.charges == {}


def test_a_purchase_is_not_found_at_another_location(purchase, client):
    admin = RoleFactory().location
    user = CustomerFactory(member__location=admin).member.user
    client.force_login(user)

    assert client.get(address(admin, "purchase", purchase.key)).status_code == 404


def test_an_unknown_purchase_is_not_there(purchase, mias):
    assert mias.get(address(purchase.location, "purchase", uuid4())).status_code == 404


@pytest.mark.parametrize("name", ["purchase", "purchase_status"])
def test_looking_is_no_post_and_confirming_no_look(purchase, mias, name):
    assert mias.post(address(purchase.location, name, purchase.key)).status_code == 405
    assert mias.get(address(purchase.location, "confirm_purchase", purchase.key)).status_code == 405


def test_confirming_twice_charges_once(purchase, mias, fake_gateway):
    where = address(purchase.location, "confirm_purchase", purchase.key)

    answers = [mias.post(where, HTTP_ACCEPT="application/json").json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(fake_gateway.charges) == 1


def test_confirming_without_a_card_says_so_and_charges_nothing(purchase, mias, fake_gateway):
    Card.objects.update(reference="", state="entered")
    fake_gateway.entered = "nothing"

    answer = mias.post(
        address(purchase.location, "confirm_purchase", purchase.key),
        HTTP_ACCEPT="application/json",
    ).json()

    assert answer["state"] == "refused"
    assert "Nothing was paid: no card was entered." in words(mias.get(answer["url"]))
    assert fake_gateway.charges == {}


def test_confirming_without_a_setup_charges_nothing(purchase, mias, fake_gateway):
    Transaction.objects.update(card=None)

    answer = mias.post(
        address(purchase.location, "confirm_purchase", purchase.key),
        HTTP_ACCEPT="application/json",
    ).json()

    assert answer["state"] == "refused"
    assert "Nothing was paid: no card was entered." in words(mias.get(answer["url"]))
    assert fake_gateway.charges == {}


def test_settling_takes_a_known_number_of_queries(
    purchase, card_that, fake_gateway, django_assert_num_queries
):
    card_that("needs_action")
    pay_charge(charge=purchase.charge, at=NOON)
    fake_gateway.finish_action("pi_1", ChargeState.SUCCEEDED)
    outcome = fake_gateway.read_charge("pi_1")

    with django_assert_num_queries(SETTLEMENT_QUERIES):
        settle_transaction(
            transaction_id=purchase.charge_id,
            location_id=purchase.location_id,
            outcome=outcome,
            at=NOON,
        )
    assert refresh_charge(charge=purchase.charge, at=NOON).state is ChargeState.SUCCEEDED
