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
    letters = (ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(length))
    return f"{prefix}_{''.join(letters)}"
