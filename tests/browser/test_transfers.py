"""Bank transfer, from the account in Settings to the credits: right, too little, too late."""

import pytest
from playwright.sync_api import expect

from tests.browser.counter import connect_bank, order_transfer
from tests.browser.places import ADMIN, MEMBER


@pytest.fixture(scope="module")
def bank(estate):
    """A location of its own: the stand-in's book knows nothing of transfers."""
    return estate.open(connected=False)


@pytest.fixture
def admin(bank, visit):
    page = visit(bank, ADMIN)
    connect_bank(page)
    return page


@pytest.fixture
def buyer(bank, visit):
    return visit(bank, MEMBER)


def order(page):
    """Order by transfer and give the reference that is to be written on it."""
    order_transfer(page)
    expect(page.get_by_text("DE02 1203 0000 0000 2020 51")).to_be_visible()
    return page.get_by_test_id("transfer-reference").inner_text()


def receive(page, reference, amount):
    page.goto("community/transfers/")
    page.get_by_role("link", name=f"Confirm {reference.replace(' ', '')}").click()
    page.get_by_label("Amount").fill(amount)
    page.get_by_role("button", name="Confirm receipt").click()


def test_what_is_ordered_and_confirmed_is_credited(admin, buyer):
    reference = order(buyer)

    receive(admin, reference, "12")

    expect(admin.get_by_text("10 credits for Mia Holm.")).to_be_visible()
    buyer.reload()
    expect(buyer.get_by_role("heading", name="10 credits added")).to_be_visible()


def test_too_little_waits_for_the_rest_and_is_reviewed(admin, buyer):
    reference = order(buyer)

    receive(admin, reference, "7.50")

    expect(admin.get_by_text("nothing was credited")).to_be_visible()
    admin.goto("community/reviews/")
    expect(admin.get_by_text("€7.50")).to_be_visible()
    buyer.reload()
    expect(buyer.get_by_role("heading", name="Transfer €12.00")).to_be_visible()


def test_too_late_it_is_credited_all_the_same(admin, buyer, bank):
    reference = order(buyer)
    bank.rows(
        "UPDATE payments_transaction SET due_on = current_date - 2, created_at = created_at"
        " - interval '16 days' WHERE id = (SELECT max(id) FROM payments_transaction WHERE"
        " location_id = (SELECT id FROM community_location WHERE slug = %(slug)s))"
    )
    run = "from membership.tasks import sweep_transfers; sweep_transfers()"
    bank.stack.manage("shell", "-c", run)
    buyer.reload()
    expect(buyer.get_by_role("heading", name="This transfer didn't come in time")).to_be_visible()

    receive(admin, reference, "12")

    expect(admin.get_by_text("10 credits for Mia Holm.")).to_be_visible()
    buyer.reload()
    expect(buyer.get_by_role("heading", name="10 credits added")).to_be_visible()
