"""Find a Chromium for the browser tests, or install one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from stack.console import CannotStart, run_logged
from stack.places import AS_ROOT, CHECKOUT, SETUP_LOGS

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = (
    "Install Chromium or Chrome by your system's means, or name one: "
    "make test CHROMIUM=/path/to/chromium"
)


def find_browser() -> str:
    """Give the path of a browser.

    :raises CannotStart: if the machine has none
    """
    if not (found := present_browser()):
        raise CannotStart(f"no browser for the tests was found.\n  {HOW}")
    return found


def present_browser() -> str | None:
    if named := os.environ.get("CHROMIUM"):
        if not shutil.which(named):
            raise CannotStart(f"CHROMIUM={named} is no program.\n  {HOW}")
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install_browser() -> None:
    """Try Playwright's download, then as root the system's package."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if AS_ROOT and shutil.which("apt-get"):
        attempts.append(["sh", "-c", "apt-get update && apt-get install -y chromium"])
    for number, command in enumerate(attempts, start=1):
        try:
            run_logged(
                command,
                what="Installing a browser for the tests",
                hint=HOW,
                log=SETUP_LOGS / "browser.log",
                cwd=CHECKOUT,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
        except CannotStart:
            if number == len(attempts):
                raise
        else:
            return
