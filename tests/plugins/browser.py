"""Chromium for the browser tests: whichever the machine has; none is a failure, not a skip."""

from __future__ import annotations

import pytest

from stack.browser import find_browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_configure(config):
    # pytest-playwright defines its `base_url` in a way that pytest 9 warns of.
    config.addinivalue_line(
        "filterwarnings", "ignore:Session-scoped fixtures defined as instance methods"
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": FLAGS}
