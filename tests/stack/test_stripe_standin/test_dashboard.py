import pytest

from tests.stack.test_stripe_standin.conftest import fetch, pay


@pytest.fixture
def dashboard(shared_standin, account):
    return f"{shared_standin.base(account)}/dashboard"


def press(dashboard, action, id_, body="", **headers):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return fetch(f"{dashboard}/{action}/{id_}", method="POST", body=body, **form, **headers)


def test_accounts_charges_and_events_are_shown(shared_standin, account, api, dashboard):
    intent = pay(api, payment_method="pm_card_visa", description="<b>100 credits</b>")

    _, page, headers = fetch(dashboard)

    assert account in fetch(shared_standin.root)[1]
    assert intent.latest_charge in page
    assert "€15.00" in page
    assert "payment_intent.succeeded" in page
    assert "&lt;b&gt;100 credits" in page
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_a_charge_is_refunded_in_part(api, dashboard):
    charge = pay(api, payment_method="pm_card_visa").latest_charge

    status, page, _ = press(dashboard, "refund", charge, "amount=5.50")

    assert status == 200
    assert "€5.50 refunded" in page
    assert api.charges.retrieve(charge).amount_refunded == 550


@pytest.mark.parametrize("amount", ["99", "1.234", "many", "-1", "NaN"])
def test_a_wrong_amount_refunds_nothing_and_says_why(api, dashboard, amount):
    charge = pay(api, payment_method="pm_card_visa").latest_charge

    status, page, _ = press(dashboard, "refund", charge, f"amount={amount}")

    assert status == 400
    assert 'role="alert"' in page
    assert api.charges.retrieve(charge).amount_refunded == 0


@pytest.mark.parametrize(("action", "end"), [("win", "won"), ("lose", "lost")])
def test_a_dispute_is_opened_and_decided(api, dashboard, action, end):
    charge = pay(api, payment_method="pm_card_visa").latest_charge

    press(dashboard, "dispute", charge)
    dispute = api.disputes.list({"charge": charge}).data[0]
    press(dashboard, action, dispute.id)

    assert dispute.status == "needs_response"
    assert api.disputes.retrieve(dispute.id).status == end


def test_an_inquiry_can_be_opened(api, dashboard):
    charge = pay(api, payment_method="pm_card_visa").latest_charge

    press(dashboard, "inquire", charge)

    assert api.disputes.list().data[0].status == "warning_needs_response"


def test_an_event_is_sent_again(api, dashboard, receiver):
    api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    api.customers.create()
    first, _ = receiver.take()
    event = api.events.list({"type": "customer.created"}).data[0]

    press(dashboard, "resend", event.id)

    assert receiver.take()[0] == first


def test_another_site_cannot_press_the_buttons(api, dashboard):
    charge = pay(api, payment_method="pm_card_visa").latest_charge

    status, _, _ = press(dashboard, "refund", charge, Origin="http://evil.example")

    assert status == 403
    assert not api.charges.retrieve(charge).refunded
