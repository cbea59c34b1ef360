"""A currency without decimals, and a price that contains its tax."""

from playwright.sync_api import expect

from tests.browser.conftest import assert_books_agree, expect_success, open_checkout, pay, type_card
from tests.browser.places import MEMBER, YEN


def test_yen_are_sold_whole_with_their_tax_inside(estate, visit):
    place = estate.open(money=(*YEN, "--tax-included"), options=("10:1500",))
    mia = visit(place, MEMBER)
    open_checkout(mia, "Buy 10 credits for ¥1,500")
    summary = mia.get_by_role("region", name="Summary")
    expect(summary).to_contain_text("Consumption tax 10 %, included")
    expect(summary).to_contain_text("¥136")
    type_card(mia, "4242424242424242")
    pay(mia, "¥1,500")

    expect_success(mia)
    mia.get_by_role("link", name="Receipt").click()
    for words in ("¥1,364", "¥136", "¥1,500"):
        expect(mia.get_by_role("article")).to_contain_text(words)
    [movement] = place.book()
    assert (movement["amount"], movement["currency"]) == (1500, "jpy")
    assert_books_agree(place)
