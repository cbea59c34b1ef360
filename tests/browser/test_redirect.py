"""There and back in a browser: the app and the payment service are this process's own servers.

The gateway is registered by the test alone, which the stack of the other tests can't know.
"""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils.timezone import now
from django_scopes import scope
from playwright.sync_api import expect

from membership.models import Purchase
from membership.tasks import sweep_charges
from payments.services.connecting import connect_gateway
from payments.tasks import process_gateway_event
from tests.browser.conftest import WIDE
from tests.factories import CustomerFactory, OptionFactory
from tests.redirect_gateway.gateway import NAME
from tests.redirect_gateway.server import KEY


@pytest.fixture
def buyer(transactional_db, live_server, harbour_pay, settings, monkeypatch, new_context):
    """A member at the checkout of an option, in a location that takes Harbour Pay."""
    settings.BASE_URL = live_server.url
    settings.SESSION_COOKIE_SECURE = False
    harbour_pay.is_silent = False
    monkeypatch.setattr(process_gateway_event, "delay", process_gateway_event)
    member = CustomerFactory().member
    option = OptionFactory(location=member.location)
    with scope(location=member.location):
        connect_gateway(
            location=member.location, gateway=NAME, publishable_key="", secret_key=KEY, at=now()
        )
    client = Client()
    client.force_login(member.user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = new_context(base_url=f"{live_server.url}/{member.location.slug}/", viewport=WIDE)
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(f"membership/credits/buy/{option.pk}/")
    with scope(location=member.location):
        yield page


def go_there(page):
    page.get_by_label("Harbour Pay").check()
    page.get_by_role("button", name="Go on to pay €12.00").click()
    expect(page.get_by_role("heading", name="Harbour Pay")).to_be_visible()


def test_there_and_back(buyer, harbour_pay):
    go_there(buyer)

    buyer.get_by_role("button", name="Pay now").click()

    expect(buyer.get_by_role("heading", name="10 credits added")).to_be_visible()
    assert harbour_pay.notified == [200]
    assert Purchase.objects.get().state == "completed"


def test_closed_half_way_and_gone_on_with(buyer, harbour_pay):
    go_there(buyer)
    key = Purchase.objects.get().key

    buyer.goto(f"membership/purchases/{key}/")
    expect(buyer.get_by_role("heading", name="Not paid at Harbour Pay yet")).to_be_visible()
    buyer.get_by_role("link", name="Go on at Harbour Pay").click()
    buyer.get_by_role("button", name="Cancel").click()

    expect(buyer.get_by_role("alert")).to_contain_text("You left before paying")
    assert Purchase.objects.get().state == "failed"


def test_closed_half_way_it_expires_and_its_page_says_so(buyer, harbour_pay):
    harbour_pay.is_silent = True
    go_there(buyer)
    key = Purchase.objects.get().key
    buyer.goto(f"membership/purchases/{key}/")
    expect(buyer.get_by_text("This page updates by itself.")).to_be_visible()

    with time_machine.travel(now() + timedelta(minutes=61), tick=False):
        sweep_charges()

    expect(buyer.get_by_role("alert")).to_contain_text("it was not finished in time")
    assert harbour_pay.payments["hp_1"]["state"] == "cancelled"
