"""Paying on a gateway's own page: there and back, closed half-way, and told of by its server."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils.timezone import now

from billing.services import issue_bill
from credits.models import Entry
from membership.models import Purchase
from membership.services.paying import refresh_charge
from membership.tasks import sweep_charges
from payments.gateways.registry import KINDS
from payments.models import GatewayConnection, GatewayEvent, Transaction
from payments.services.connecting import connect_gateway
from payments.tasks import process_gateway_event
from tests.community.settings_pages import error_at
from tests.factories import NOON, CardFactory, OptionFactory
from tests.membership.office import Office
from tests.membership.shop import JSON, address, confirm, look, ticket_on, words
from tests.membership.tab import plan_with_bill
from tests.redirect_gateway.gateway import NAME
from tests.redirect_gateway.server import KEY

pytestmark = pytest.mark.django_db
METHOD = f"redirect-{NAME}"


@pytest.fixture
def connection(location, admin, harbour_pay):
    return connect_gateway(
        location=location, gateway=NAME, publishable_key="", secret_key=KEY, by=admin, at=now()
    )


@pytest.fixture
def option(location, connection):
    return OptionFactory(location=location, price_minor=1200)


@pytest.fixture
def mias(mia, signed_in):
    return signed_in(mia.user)


@pytest.fixture
def events(monkeypatch):
    """What the service's notifications ask the worker to do."""
    heard = []
    monkeypatch.setattr(process_gateway_event, "delay", lambda **ids: heard.append(ids))
    return heard


def order(browser, option, **more):
    return confirm(browser, option, look(browser, option), method=METHOD, **more)


def notify(browser, service, reference, **spoiled):
    """Deliver what the service would send, by the test's own client."""
    payment = service.payments[reference]
    [(body, headers)] = service.notifications(payment)
    headers |= spoiled
    path = "/" + payment["notify_url"].split("/", 3)[3]
    return browser.post(path, body, content_type=headers.pop("Content-Type"), headers=headers)


def come_back(browser, payment):
    path = "/" + payment["return_url"].split("/", 3)[3]
    return browser.get(path, follow=True)


def entries():
    return Entry.objects.filter(reason=Entry.Reason.PURCHASE).count()


def test_an_admin_connects_it_by_what_it_asks_for(location, admin, signed_in, harbour_pay):
    browser = signed_in(admin)
    page = reverse("community:settings_gateway", args=[location.slug, NAME])
    assert page in words(browser.get(reverse("community:settings_payments", args=[location.slug])))

    shown = words(browser.get(page))
    assert ("API key" in shown, "Publishable key" in shown) == (True, False)
    refused = browser.post(page, {"secret_key": "wrong"})
    assert "Harbour Pay doesn't know this key." in words(refused)
    assert error_at(refused, "secret_key")
    assert GatewayConnection.objects.count() == 0

    assert "Connected to Harbour Pay." in words(
        browser.post(page, {"secret_key": KEY}, follow=True)
    )
    connection = GatewayConnection.objects.get()
    assert (connection.gateway, connection.hears_webhooks) == (NAME, True)
    assert list(harbour_pay.webhooks) == [connection.webhook_reference]
    gone = reverse("community:settings_gateway", args=[location.slug, "nowhere"])
    assert browser.get(gone).status_code == 404


def test_there_and_back(mias, option, harbour_pay):
    answer = order(mias, option).json()
    [payment] = harbour_pay.payments.values()
    assert answer == {"state": "redirect", "url": payment["url"]}
    assert (payment["amount"], payment["currency"]) == (1440, "EUR")

    harbour_pay.end("hp_1", "paid")
    page = come_back(mias, payment)

    assert "10 credits added" in words(page)
    assert "<dt>Method</dt>" in words(page)
    purchase = Purchase.objects.get()
    assert (purchase.state, purchase.receipt.paid_with) == ("completed", "Harbour Pay")
    come_back(mias, payment)
    assert entries() == 1


def test_chosen_in_another_tab_it_does_not_charge_the_card_of_the_first(
    mia, mias, option, harbour_pay, fake_gateway
):
    card = CardFactory(customer=mia.customer, reference="card_action_1")
    ticket = look(mias, option)
    assert confirm(mias, option, ticket, card=card.pk).json()["state"] == "action"

    answer = confirm(mias, option, ticket, method=METHOD).json()

    assert answer["state"] == "done"
    assert len(fake_gateway.charges) == 1
    assert harbour_pay.payments == {}


def test_without_a_script_a_link_leads_there(mias, option, harbour_pay):
    answer = order(mias, option, HTTP_ACCEPT="text/html", follow=True)

    assert f'href="{harbour_pay.payments["hp_1"]["url"]}"' in answer.content.decode()


def test_what_the_service_tells_settles_it_once_whoever_comes_back(
    mias, client, option, harbour_pay, events
):
    order(mias, option)
    harbour_pay.end("hp_1", "paid")

    assert notify(client, harbour_pay, "hp_1", **{"Harbour-Signature": "no"}).status_code == 400
    assert events == []
    for _twice in range(2):
        assert notify(client, harbour_pay, "hp_1").status_code == 200
    for ids in events:
        process_gateway_event(**ids)

    assert Purchase.objects.get().state == "completed"
    assert (entries(), GatewayEvent.objects.count()) == (1, 1)
    assert "10 credits added" in words(come_back(mias, harbour_pay.payments["hp_1"]))
    assert entries() == 1


def test_closed_half_way_it_waits_can_be_gone_on_with_and_is_given_up(mias, option, harbour_pay):
    order(mias, option)
    [payment] = harbour_pay.payments.values()

    page = come_back(mias, payment)
    assert "Not paid at Harbour Pay yet" in words(page)
    assert payment["url"] in words(page)
    with time_machine.travel(now() + timedelta(minutes=30), tick=False):
        sweep_charges()
    assert Purchase.objects.get().state == "pending"
    with time_machine.travel(now() + timedelta(minutes=61), tick=False):
        sweep_charges()

    assert Purchase.objects.get().state == "expired"
    assert payment["state"] == "cancelled"
    assert "it was not finished in time" in words(come_back(mias, payment))
    assert entries() == 0


def test_paid_and_closed_the_reconciler_asks(mias, option, harbour_pay):
    order(mias, option)
    harbour_pay.end("hp_1", "paid")

    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        sweep_charges()

    assert Purchase.objects.get().state == "completed"
    assert entries() == 1


def test_an_answer_that_was_lost_opens_no_second_payment(mias, option, harbour_pay):
    harbour_pay.loses_answers = True
    order(mias, option)
    assert Purchase.objects.get().state == "pending"
    harbour_pay.loses_answers = False

    outcome = refresh_charge(charge=Transaction.objects.get(), at=now())

    assert outcome.redirect_url == harbour_pay.payments["hp_1"]["url"]
    assert len(harbour_pay.payments) == 1
    late = refresh_charge(charge=Transaction.objects.get(), at=now() + timedelta(hours=30))
    assert late.reference == "hp_1"


def test_what_the_buyer_cancels_there_costs_nothing_and_says_so(mias, option, harbour_pay):
    order(mias, option)
    harbour_pay.end("hp_1", "cancelled")

    page = words(come_back(mias, harbour_pay.payments["hp_1"]))

    assert "You left before paying with Harbour Pay." in page
    assert Purchase.objects.get().state == "failed"


def test_an_address_that_is_none_of_a_web_page_is_followed_by_nobody(mias, option, harbour_pay):
    harbour_pay.url, real = "javascript:alert(1)//", harbour_pay.url

    answer = order(mias, option).json()
    harbour_pay.url = real

    assert "javascript" not in answer.get("url", "")
    assert "javascript" not in words(mias.get(address(option.location, "purchase", _key())))


def _key():
    return Purchase.objects.get().key


def test_a_company_member_needs_the_permission_for_the_card(location, option, signed_in):
    office = Office(location)
    browser = signed_in(office.cora.user)
    checkout = address(location, "company_checkout", office.company.pk, option.pk)

    assert "May use the company card" in words(browser.get(checkout))
    office.permit(office.cora, card=True)
    ticket = ticket_on(browser.get(checkout))
    answer = browser.post(checkout, {"quote": ticket, "method": METHOD}, **JSON)

    assert answer.json()["state"] == "redirect"
    assert Purchase.objects.get().customer == office.customer


@pytest.fixture
def bill(connection, mia):
    return issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)


def test_a_bill_is_paid_there_too(location, mias, bill, harbour_pay):
    pay = address(location, "pay_bill", bill.pk)
    assert "Go on to pay €72.00" in words(mias.get(pay))

    answer = mias.post(pay, {"to_pay": bill.to_pay_minor, "method": METHOD}, **JSON).json()
    [payment] = harbour_pay.payments.values()
    assert answer == {"state": "redirect", "url": payment["url"]}
    assert "Not paid at Harbour Pay yet" in words(come_back(mias, payment))
    assert payment["url"] in words(mias.get(pay, follow=True))
    harbour_pay.end("hp_1", "paid")

    assert f"Bill {bill.number} is paid" in words(come_back(mias, payment))
    bill.refresh_from_db()
    assert bill.state == "paid"


@pytest.mark.parametrize(
    ("limits", "offered", "refusal"),
    [
        ({"least_minor": {"EUR": 7201}}, "this is less than the", "less than that payment service"),
        ({"most_else_minor": 1199}, "this is more than the", "more than that payment service"),
        ({"step_minor": {"EUR": 500}}, "EUR as exact as this", "take an amount as exact as this"),
    ],
)
def test_an_amount_it_does_not_take_is_not_offered_there_with_the_reason(
    location, mias, option, bill, monkeypatch, limits, offered, refusal
):
    kind = KINDS[NAME]
    abilities = kind.abilities.__class__(redirects=True, **limits)
    monkeypatch.setitem(KINDS, NAME, kind.__class__(**{**vars(kind), "abilities": abilities}))
    pay = address(location, "pay_bill", bill.pk)
    facts = {"to_pay": bill.to_pay_minor, "method": METHOD}

    for page in (pay, address(location, "checkout", option.pk)):
        shown = words(mias.get(page))
        assert offered in shown
        assert "Go on to pay" not in shown
    refused = mias.post(pay, facts, follow=True)

    assert refusal in words(refused)
    assert Transaction.objects.count() == 0
