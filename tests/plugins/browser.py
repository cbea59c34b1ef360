"""Chromium for the browser tests: whichever the machine has; none is a failure, not a skip."""

from __future__ import annotations

import pytest

from stack.browser import find_browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": FLAGS}
