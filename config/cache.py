"""The cache in Valkey or Redis, and in this process's memory while that is away.

It holds limits of rates and other things that may be forgotten: without it nobody is kept out,
and nobody waits for it longer than for its time-out once in a while.
"""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from config.resting import Rest

log = structlog.get_logger(__name__)
rest = Rest(seconds=10)


def _either(what: str) -> Callable[..., Any]:
    """Give the method that asks the shared cache, or while that is away our own."""

    def ask(self: "SharedCache", *args: Any, **kwargs: Any) -> Any:
        return self._ask(what, *args, **kwargs)

    return ask


class SharedCache(BaseCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._shared = RedisCache(server, params)
        self._own = LocMemCache("while-the-shared-one-is-away", {})

    def _ask(self, what: str, *args: Any, **kwargs: Any) -> Any:
        if not rest.is_on:
            try:
                return getattr(self._shared, what)(*args, **kwargs)
            except RedisError as trouble:
                rest.begin()
                log.warning("cache_unreachable", reason=str(trouble))
        return getattr(self._own, what)(*args, **kwargs)

    add, get, set = _either("add"), _either("get"), _either("set")
    touch, delete, has_key = _either("touch"), _either("delete"), _either("has_key")

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> Any:
        try:
            return self._ask("incr", key, delta, version)
        except ValueError:
            if not rest.is_on:
                raise
            self._own.set(key, delta, version=version)  # it was counted in the shared one
            return delta

    def clear(self) -> None:
        self._own.clear()
        self._ask("clear")

    def close(self, **kwargs: Any) -> None:
        self._shared.close(**kwargs)
