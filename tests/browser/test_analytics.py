"""Revenue by Source: the chart by mouse and keyboard, the table, the files."""

import csv
import io
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.browser.conftest import keep_a_card
from tests.browser.places import ADMIN, MEMBER


def test_a_sale_is_in_the_chart_the_table_and_the_file(estate, visit):
    place = estate.open()
    keep_a_card(visit(place, MEMBER))
    page = visit(place, ADMIN, reduced_motion="reduce")
    page.goto("")
    page.get_by_role("link", name="Analytics").click()
    expect(page.get_by_role("heading", name="Revenue by Source")).to_be_visible()
    expect(page.get_by_test_id("revenue-total")).to_have_text("€10.00")
    table = page.get_by_role("table", name="Revenue by Source")
    headings = ["Month", "Credits", "Plans", "Other", "Total"]
    expect(table.get_by_role("columnheader")).to_have_text(headings)
    newest = table.get_by_role("row").nth(1)
    month = newest.get_by_role("cell").nth(0).inner_text()
    expect(newest.get_by_role("cell")).to_have_text([month, "€10.00", "€0.00", "€0.00", "€10.00"])

    page.wait_for_load_state()
    the_keyboard_reads_the_chart(page, month)
    the_mouse_shows_what_it_points_at(page)
    with page.expect_download() as csv_file:
        page.get_by_role("link", name="CSV", exact=True).first.click()
    text = csv_file.value.path().read_text(encoding="utf-8-sig")
    newest = list(csv.reader(io.StringIO(text)))[-1]
    assert newest[:5] == [
        f"{datetime.now(ZoneInfo('Europe/Berlin')):%Y-%m}",
        "10.00",
        "0.00",
        "0.00",
        "10.00",
    ]

    table.get_by_role("link", name=month).click()
    expect(page.get_by_role("heading", name=month)).to_be_visible()
    page.get_by_role("link", name="10 credits").click()
    expect(page).to_have_url(re.compile("/community/purchases/"))


def the_keyboard_reads_the_chart(page, month):
    chart = page.get_by_role("group", name="Chart of net sales per month.")
    status = chart.get_by_role("status")
    chart.focus()
    page.keyboard.press("End")
    expect(status).to_contain_text(month)
    expect(status).to_contain_text("€10.00")
    page.keyboard.press("ArrowLeft")
    expect(status).not_to_contain_text("€10.00")
    page.keyboard.press("Escape")
    expect(status).to_be_empty()


def the_mouse_shows_what_it_points_at(page):
    """The figures of a column are drawn over the chart while the mouse is on it."""
    canvas = page.locator("[data-chart] canvas")
    page.evaluate("document.fonts.ready")
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] - 40, "y": box["height"] / 2})
    page.wait_for_function(
        "before => document.querySelector('[data-chart] canvas').toDataURL() !== before",
        arg=before,
    )
