"""Credit options in the order in which members see them: by keyboard, by dragging, by menu."""

import pytest
from playwright.sync_api import expect

from tests.browser.places import ADMIN

ORDER = "[data-reorder] .figure"


@pytest.fixture
def page(estate, visit):
    place = estate.open(options=("10:10.00", "25:24.00", "50:45.00"))
    page = visit(place, ADMIN)
    page.goto("community/credit-options/")
    return page


def handle(page, credits):
    return page.get_by_role("button", name=f"Move {credits} credits", exact=True)


def expect_order(page, *credits):
    expect(page.locator(ORDER)).to_have_text(credits)


def test_arrow_keys_move_an_option_and_the_focus_stays(page):
    with page.expect_response("**/move/"):
        handle(page, 10).press("ArrowDown")

    expect_order(page, "25", "10", "50")
    expect(handle(page, 10)).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("10 credits, place 2 of 3")
    page.reload()
    expect_order(page, "25", "10", "50")


def test_an_option_can_be_dragged_to_its_place(page):
    start, end = handle(page, 50).bounding_box(), handle(page, 10).bounding_box()
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 10, end["y"] + 2, steps=10)
    with page.expect_response("**/move/"):
        page.mouse.up()

    expect_order(page, "50", "10", "25")
    page.reload()
    expect_order(page, "50", "10", "25")


def test_the_menu_of_the_handle_moves_without_dragging(page):
    handle(page, 10).click()
    page.get_by_role("button", name="Later").click()

    expect(page.get_by_text("10 credits moved.")).to_be_visible()
    expect_order(page, "25", "10", "50")


def test_a_refused_option_stays_in_its_dialog(page):
    page.get_by_role("button", name="Add credit option").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number of credits").fill("1,5")
    dialog.get_by_label("Price").fill("3")
    dialog.get_by_role("button", name="Save").click()

    field = dialog.get_by_label("Number of credits")
    expect(field).to_have_accessible_description(
        "Write decimals with a point and no grouping, like 1000 or 2.5."
    )
    expect(field).to_be_focused()
    expect_order(page, "10", "25", "50")
