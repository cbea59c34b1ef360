"""The few words that every room of the stand-in shares."""

import secrets
import string
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

API_VERSION = "2026-08-26.dahlia"

ALPHABET = string.ascii_letters + string.digits


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def new_id(prefix: str, *, length: int = 24) -> str:
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"
