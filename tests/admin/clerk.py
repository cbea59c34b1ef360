"""Somebody at the desk in a browser."""

import re

from django.urls import reverse
from playwright.sync_api import expect


class Clerk:
    """Somebody of the team at the desk: finds a row, does something to it."""

    def __init__(self, page):
        self.page = page

    def find(self, listing, words):
        self.page.goto(reverse(f"admin:{listing}_changelist"))
        self.page.get_by_placeholder("Type to search").fill(words)
        self.page.keyboard.press("Enter")
        expect(self.page).to_have_url(re.compile("q="))
        self.page.locator("#result_list tbody").get_by_role("link").first.click()

    def do(self, act, **fields):
        acts = self.page.get_by_role("group", name="What to do")  # the frame has a Close of its own
        acts.get_by_role("link", name=act, exact=True).click()
        self.fill_in(act, **fields)

    def fill_in(self, act, **fields):
        for label, value in fields.items():
            field = self.page.get_by_label(label)
            if field.evaluate("it => it.localName") == "select":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.get_by_role("button", name=act).click()

    def is_told(self, words):
        expect(self.page.get_by_text(words)).to_be_visible()

    def is_refused(self, words):
        expect(self.page.get_by_role("alert")).to_contain_text(words)
