"""The cache in Valkey or Redis, and in this process's memory while that is away.

It holds limits of rates and other things that may be forgotten: without it nobody is kept out,
and nobody waits for it longer than for its time-out once in a while.
"""

from typing import Any

import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from config.resting import Rest

log = structlog.get_logger(__name__)
rest = Rest(seconds=10)


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

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("has_key", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("incr", *args, **kwargs)

    def clear(self) -> None:
        self._own.clear()
        self._ask("clear")

    def close(self, **kwargs: Any) -> None:
        self._shared.close(**kwargs)
