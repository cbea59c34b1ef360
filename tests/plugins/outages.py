"""Servers that are away; and after each test nobody holds that against them any more."""

import pytest


@pytest.fixture(autouse=True)
def rested():
    """No test inherits from another that a server did not answer."""
    from config import broker, cache  # noqa: PLC0415 - Celery reads the settings

    for server in (broker, cache):
        server.rest.end()


@pytest.fixture
def no_cache(settings, rested):
    """Valkey is gone, and this process remembers nothing of an earlier time without it."""
    from config.cache import SharedCache, rest  # noqa: PLC0415 - needs the settings

    gone = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": gone}
    SharedCache(gone["LOCATION"], {}).clear()
    rest.end()
