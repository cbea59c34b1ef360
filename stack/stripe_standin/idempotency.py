"""Idempotency keys: the first answer to a key is the answer to every repetition of it."""

import hashlib
import json
from dataclasses import dataclass

from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import Json
from stack.stripe_standin.store import Store

KEY_LENGTH_MAX = 255
# Stripe forgets a key after at least 24 hours; then the same request is a new one.
KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Attempt:
    """One use of a key: by which account, for what."""

    account: str
    key: str
    path: str
    fingerprint: str
    at: int


@dataclass(frozen=True)
class Remembered:
    status: int
    body: str
    request_id: str


def new_attempt(*, account: str, key: str, path: str, params: Json, at: int) -> Attempt:
    if len(key) > KEY_LENGTH_MAX:
        raise Refusal(
            f"Idempotency keys can have up to {KEY_LENGTH_MAX} characters, but you passed in a key "
            f"that is {len(key)} characters."
        )
    canonical = json.dumps([path, params], sort_keys=True)
    fingerprint = hashlib.sha256(canonical.encode()).hexdigest()
    return Attempt(account=account, key=key, path=path, fingerprint=fingerprint, at=at)


def recall(store: Store, attempt: Attempt) -> Remembered | None:
    """The first answer, if this is a repetition.

    :raises Refusal: if the key was used for something else
    """
    row = store.db.execute(
        "SELECT * FROM idempotency WHERE account = ? AND key = ? AND at > ?",
        (attempt.account, attempt.key, attempt.at - KEPT_SECONDS),
    ).fetchone()
    if row is None:
        return None
    if row["path"] != attempt.path:
        raise _mismatch(
            "Keys for idempotent requests can only be used for the same endpoint they were first "
            f"used for ('{attempt.path}' vs '{row['path']}'). Try using a key other than "
            f"'{attempt.key}' if you meant to execute a different request."
        )
    if row["fingerprint"] != attempt.fingerprint:
        raise _mismatch(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{attempt.key}' if you meant to execute "
            "a different request."
        )
    return Remembered(status=row["status"], body=row["body"], request_id=row["request_id"])


def remember(store: Store, attempt: Attempt, answer: Remembered) -> None:
    """Keep the first answer; it must be in the transaction of what the request did."""
    store.db.execute(
        "INSERT OR REPLACE INTO idempotency"
        " (account, key, path, fingerprint, status, body, request_id, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            attempt.account,
            attempt.key,
            attempt.path,
            attempt.fingerprint,
            answer.status,
            answer.body,
            answer.request_id,
            attempt.at,
        ),
    )


def _mismatch(message: str) -> Refusal:
    return Refusal(message, kind="idempotency_error")
