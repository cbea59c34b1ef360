"""The servers of a test run, started before Django reads its settings, and its house rules."""

from __future__ import annotations

import os
import signal

import django
import pytest

from stack.servers import throwaway_servers

pytest_plugins = [
    "tests.plugins.cast",
    "tests.plugins.gateway",
    "tests.plugins.redirecting",
    "tests.plugins.invariants",
    "tests.plugins.browser",
    "tests.plugins.flush",
    "tests.plugins.stack",
    "tests.plugins.outages",
]

SERVERS = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if config.getoption("numprocesses") and not hasattr(config, "workerinput"):
        return  # it hands the tests out and runs none
    # Launchers under test are stopped by Ctrl-C; a test process that ignores it would pass that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Settings are named here and not in pyproject.toml: pytest-django would load them sooner.
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # Playwright runs an event loop in the main thread; tests use the ORM beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    servers = throwaway_servers()
    os.environ.update(servers.__enter__())
    config.stash[SERVERS] = servers
    django.setup()


def pytest_unconfigure(config):
    if servers := config.stash.get(SERVERS, None):
        servers.__exit__(None, None, None)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Fail a run that skipped something: a test that does not run proves nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return  # one of several processes: the one that counts is elsewhere
    skipped = reporter.stats.get("skipped", [])
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"{len(skipped)} skipped: no test may be skipped.", red=True)
