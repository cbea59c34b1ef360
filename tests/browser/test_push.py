"""Pushes in a browser: turned on from a button after buying, received, clicked, turned off.

The vendors' push services can't be reached from here: `PushManager` is a stand-in, the push
service is ours, and what it got is handed to the real service worker as Chromium would.
"""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import buy, eventually
from tests.browser.looks import axe_violations
from tests.browser.places import MEMBER
from tests.notifications.receiver import push_service

# A subscription that outlives the page, as a real one does.
STAND_IN = """(() => {
  const facts = %s
  const subscription = {
    endpoint: facts.endpoint,
    toJSON: () => facts,
    unsubscribe: async () => { localStorage.removeItem('stand-in'); return true },
  }
  PushManager.prototype.getSubscription = async () =>
    localStorage.getItem('stand-in') && subscription
  PushManager.prototype.subscribe = async (options) => {
    if (options.applicationServerKey.length !== 87) throw new Error('no key of ours')
    if (!options.userVisibleOnly) throw new Error('silent')
    localStorage.setItem('stand-in', '1')
    return subscription
  }
})()"""
SHOWN = """async () => {
  const worker = await navigator.serviceWorker.ready
  return (await worker.getNotifications()).map(({ title, body, data }) => ({ title, body, data }))
}"""
# A script may not open windows by itself: what the worker wants to open is enough.
CLICK = """async () => {
  self.clients.openWindow = async (url) => { self.wanted = url }
  const [notification] = await self.registration.getNotifications()
  self.dispatchEvent(new NotificationEvent('notificationclick', { notification }))
  for (let tries = 0; !self.wanted && tries < 1500; tries++) {
    await new Promise((go) => setTimeout(go, 20))
  }
  return { wanted: self.wanted, left: (await self.registration.getNotifications()).length }
}"""


@pytest.fixture
def phone():
    with push_service() as service:
        yield service.browser("phone")


@pytest.fixture
def page(place, visit, phone):
    page = visit(place, MEMBER)
    facts = json.dumps({"endpoint": phone.endpoint, "keys": phone.keys})
    page.context.add_init_script(STAND_IN % facts)
    page.context.grant_permissions(["notifications"])
    return page


def hand_to_worker(page, payload):
    """As Chromium does with what comes from a push service."""
    cdp = page.context.new_cdp_session(page)
    found = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda it: found.extend(it["registrations"]))
    cdp.send("ServiceWorker.enable")
    eventually(lambda: page.evaluate("1") and found)
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": page.evaluate("location.origin"),
            "registrationId": found[-1]["registrationId"],
            "data": json.dumps(payload),
        },
    )


def test_pushes_are_turned_on_after_buying_received_clicked_and_turned_off(place, page, phone):
    buy(page)
    offer = page.get_by_role("region", name="Hear when credits are added")
    offer.get_by_role("button", name="Turn on pushes").click()
    expect(offer.get_by_text("This device gets pushes")).to_be_visible()
    assert axe_violations(page) == []

    buy(page)
    # The first purchase may be told to it as well, if nobody had told of it before.
    eventually(lambda: any(told["text"].endswith("Balance 20") for told in phone.got))
    [said] = [told for told in phone.got if told["text"].endswith("Balance 20")]
    assert said["title"] == "10 credits added"

    hand_to_worker(page, said)
    eventually(lambda: page.evaluate(SHOWN))
    (shown,) = page.evaluate(SHOWN)
    assert (shown["title"], shown["body"]) == (said["title"], said["text"])
    expect(page.get_by_text("2 unread")).to_be_attached()  # no page was loaded for it
    page.goto("membership/credits/")  # or the worker would only bring the page itself forward
    clicked = page.context.service_workers[0].evaluate(CLICK)
    assert clicked == {"wanted": place.stack.url + said["link"], "left": 0}
    page.goto(clicked["wanted"])
    expect(page.get_by_role("heading", name="10 credits added")).to_be_visible()

    page.get_by_role("button", name="Account").click()
    page.get_by_role("link", name="Notification preferences").click()
    page.get_by_role("button", name="Turn off pushes").click()
    expect(page.get_by_role("button", name="Turn on pushes")).to_be_visible()
    assert place.rows("SELECT 1 FROM notifications_pushsubscription WHERE ended_at IS NULL") == []


def test_nothing_is_asked_on_load_and_not_now_is_heard(page):
    asked = []
    page.expose_function("askedFor", lambda what: asked.append(what))  # noqa: PLW0108 - a builtin is refused
    page.context.add_init_script(
        "Notification.requestPermission = () => (askedFor('permission'), 'default')"
    )
    buy(page)
    offer = page.get_by_role("region", name="Hear when credits are added")
    expect(offer).to_be_visible()
    assert asked == []

    offer.get_by_role("button", name="Not now").click()
    expect(offer).to_be_hidden()
    page.reload()
    expect(page.get_by_role("heading", name="10 credits added")).to_be_visible()
    expect(offer).to_be_hidden()
    assert asked == []
