"""Every route of the URLconf, found by walking it, and the probes that are answered before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.urls import URLPattern, URLResolver, get_resolver

PROBES = ("/livez", "/readyz")


@dataclass(frozen=True)
class Route:
    """A route by its name, or by its pattern where it has none, and what its address takes."""

    name: str
    pattern: str
    takes: tuple[str, ...]


@cache
def all_routes() -> dict[str, Route]:
    found = list(_walk(get_resolver().url_patterns, "", (), ()))
    found += [Route(path, path, ()) for path in PROBES]
    assert len({route.name for route in found}) == len(found), "two routes of one name"
    return {route.name: route for route in found}


def _walk(patterns, prefix, namespaces, taken):
    for entry in patterns:
        pattern = prefix + str(entry.pattern)
        takes = (*taken, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inside = [*namespaces, entry.namespace] if entry.namespace else namespaces
            yield from _walk(entry.url_patterns, pattern, inside, takes)
        elif isinstance(entry, URLPattern):
            name = ":".join([*namespaces, entry.name]) if entry.name else pattern
            yield Route(name, pattern, takes)
