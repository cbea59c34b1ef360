"""Stripe's amounts where they differ from ours."""

# Sent with two decimals although the currency has none.
SCALED = frozenset({"ISK", "UGX"})


def to_stripe(amount_minor: int, currency: str) -> int:
    return amount_minor * 100 if currency in SCALED else amount_minor


def from_stripe(amount: int, currency: str) -> int:
    return amount // 100 if currency in SCALED else amount
