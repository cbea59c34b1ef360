"""How many seconds from nothing to the first sale, exactly as the README tells it.

Clones this repository as it is committed, starts `make run DEMO=0` in the clone, then does the
other steps in a browser without a window, by what a person reads on the pages. Every wait is
bounded. After `make test`, which finds the browser:

    .venv/bin/python -m drills.first_sale

Prints a line per step with its seconds, then one line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from stack.browser import find_browser
from stack.places import CHECKOUT
from stack.ports import free_port

START_SECONDS = 900
PATIENCE_MS = 30_000
SLUG = "harbour-loft"


class Clock:
    """Says after each step how long it took."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()
        self.steps = 0

    def step(self, words: str) -> None:
        at = time.monotonic()
        self.steps += 1
        sys.stdout.write(f"{at - self.last:6.1f} s  {self.steps}. {words}\n")
        sys.stdout.flush()
        self.last = at

    @property
    def seconds(self) -> float:
        return round(self.last - self.began, 1)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # nothing is left running
    room = Path(tempfile.mkdtemp(prefix="deskmint-first-sale-"))
    room.chmod(0o755)
    person = Person(room / "deskmint", os.environ | {"PORT": str(free_port())})
    clock = Clock()
    try:
        command = [program("git"), "clone", "--quiet", str(CHECKOUT), str(person.clone)]
        subprocess.run(command, check=True)  # noqa: S603 - all ours
        clock.step("git clone")
        with person.running(room / "run.log") as link, browser() as page:
            clock.step("make run DEMO=0")
            first_sale(page, link, person, clock)
    finally:
        shutil.rmtree(room)
    told = {"drill": "first_sale", "steps": clock.steps, "seconds": clock.seconds}
    sys.stdout.write(json.dumps(told) + "\n")


@dataclass(frozen=True)
class Person:
    """Somebody in front of a clone, with two terminals."""

    clone: Path
    environment: dict[str, str]

    def make(self, *arguments: str) -> None:
        subprocess.run(  # noqa: S603 - all ours
            [program("make"), *arguments],
            cwd=self.clone,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    @contextmanager
    def running(self, log: Path) -> Iterator[str]:
        """`make run` until it is told to stop; gives the link that it prints."""
        with log.open("wb") as output:
            launcher = subprocess.Popen(  # noqa: S603 - all ours
                [program("make"), "run", "DEMO=0"],
                cwd=self.clone,
                env=self.environment,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        try:
            yield printed_link(launcher, log)
        finally:
            os.killpg(launcher.pid, signal.SIGINT)
            launcher.wait(60)


def first_sale(page: Page, link: str, person: Person, clock: Clock) -> None:
    open_the_location(page, link)
    clock.step("the link: who, and which location")
    fill_in_details(page)
    clock.step("legal name and address")
    home(page)
    put_credits_on_sale(page)
    clock.step("a credit option")
    home(page)
    connect_stripe(page)
    clock.step("Settings > Stripe, with the demo keys")
    home(page)
    page.get_by_role("button", name="Become a member").click()
    clock.step("Become a member")
    page.get_by_role("link", name="Membership", exact=True).click()
    page.get_by_role("link", name="Buy 10 credits for €12.00").click()
    clock.step("Membership, Buy 10 credits")
    type_card(page)
    clock.step("the card")
    page.get_by_role("button", name="Pay €12.00").click()
    expect(page.get_by_role("heading", name="10 credits added")).to_be_visible()
    expect(page.get_by_role("link", name="Receipt")).to_be_visible()
    clock.step("Pay; the credits are there, with a receipt")
    person.make("manage", "ARGS=check_invariants")


def open_the_location(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill("Nora Lind")
    page.get_by_label("Email").fill("nora@harbour.test")
    page.get_by_label("Password").fill("violet harbour 42")
    page.get_by_label("Name of the location").fill("Harbour Loft")
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_label("Tax name").fill("VAT")
    page.get_by_label("Tax percent").fill("20")
    page.get_by_role("button", name="Open the location").click()
    expect(page.get_by_role("heading", name="Set up Harbour Loft")).to_be_visible()


def fill_in_details(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Open.*Legal name and address")).click()
    page.get_by_label("Legal name").fill("Harbour Loft GmbH")
    page.get_by_label("Address").fill("Quay 1\n1010 Vienna")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Billing details saved.")).to_be_visible()


def put_credits_on_sale(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Add.*Credit options")).click()
    page.get_by_role("button", name="Add credit option").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number of credits").fill("10")
    dialog.get_by_label("Price").fill("10")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="10 credits")).to_be_visible()


def connect_stripe(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Open.*Connect Stripe")).click()
    for field, kind in (("Publishable key", "publishable"), ("Restricted key", "restricted")):
        key = page.get_by_test_id(f"demo-{kind}-key").inner_text()
        page.get_by_label(field).fill(key)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Connected to Harbour Loft.")).to_be_visible()


def type_card(page: Page) -> None:
    form = page.get_by_test_id("card-form")
    card = {"number": "4242424242424242", "exp_month": "12", "exp_year": "34", "cvc": "123"}
    for part, value in card.items():
        form.get_by_placeholder(part, exact=True).fill(value)


def home(page: Page) -> None:
    page.get_by_role("link", name="Home", exact=True).click()


@contextmanager
def browser() -> Iterator[Page]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = chromium.new_page(timezone_id="Europe/Vienna")
        page.set_default_timeout(PATIENCE_MS)
        yield page
        chromium.close()


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is needed"
    return found


def printed_link(launcher: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and launcher.poll() is None:
        if found := re.search(r"Set it up, once: (http\S+/setup/\S+/)", log.read_text()):
            return found[1]
        time.sleep(0.1)
    raise SystemExit(f"make run gave no link:\n{log.read_text()}")


if __name__ == "__main__":
    main()
