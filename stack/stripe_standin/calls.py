"""A request that may act on an account, and the routes that take it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from stack.stripe_standin.accounts import Account
from stack.stripe_standin.errors import no_such
from stack.stripe_standin.shapes import Json, words
from stack.stripe_standin.store import Store

NOUNS = {"payment_method": "PaymentMethod", "setup_intent": "setupintent"}


@dataclass(frozen=True)
class Call:
    """Who asks for what, when. `from_browser`: with a publishable key, so a secret must match."""

    store: Store
    account: Account
    at: int
    params: Json = field(default_factory=dict)
    id: str = ""
    path: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None
    from_browser: bool = False

    def add(self, body: Json, **private: object) -> Json:
        return self.store.add(self.account.name, body, private)

    def save(self, body: Json) -> Json:
        return self.store.save(body)

    def get(self, kind: str, id_: str, *, param: str = "id") -> Json:
        body = self.store.find(self.account.name, kind, id_)
        if body is None:
            raise no_such(NOUNS.get(kind, kind), id_, param=param)
        return body


Handler: TypeAlias = Callable[[Call], Json]


@dataclass(frozen=True)
class Route:
    """One endpoint and every parameter it knows; `browser`: Stripe.js may call it too."""

    method: str
    path: str
    run: Handler
    params: frozenset[str] = frozenset()
    browser: bool = False

    def match(self, method: str, path: str) -> str | None:
        """The id in the path, or an empty string; None if this is another endpoint."""
        if method != self.method:
            return None
        before, has_id, after = self.path.partition("{id}")
        if not has_id:
            return "" if path == self.path else None
        id_ = path.removeprefix(before).removesuffix(after)
        return id_ if path == f"{before}{id_}{after}" and "/" not in id_ else None


def route(
    method: str, path: str, run: Handler, params: str = "", *, browser: bool = False
) -> Route:
    return Route(method, path, run, words(params), browser)
