"""Answers kept by idempotency key: the same request again gets the first answer again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from community.database import loaded
from community.models import ApiAnswer, ApiKey, Location, User
from community.statements import insert_answer

KEPT_FOR = timedelta(days=30)
# Longer than any request lives: until then a claim without an answer is its request's alone.
CLAIMED_FOR = timedelta(minutes=2)


@dataclass(frozen=True)
class Holder:
    """Whose idempotency keys they are: an API key's or a user's, at one location."""

    location: Location
    api_key: ApiKey | None = None
    user: User | None = None


def claim_answer(
    *, holder: Holder, key: str, fingerprint: str, at: datetime
) -> tuple[ApiAnswer, bool]:
    """Take the key for a request: true if nobody had it. A rival's transaction is waited for.

    :raises ApiAnswer.DoesNotExist: if a rival had it and gave it back in this very moment
    """
    assert transaction.get_connection().in_atomic_block
    claim: dict[str, Any] = {
        "location_id": holder.location.pk,
        "api_key_id": holder.api_key.pk if holder.api_key else None,
        "user_id": holder.user.pk if holder.user else None,
        "key": key,
    }
    claimed_id = insert_answer(**claim, fingerprint=fingerprint, at=at)
    if claimed_id is None:
        return ApiAnswer.objects.get(**claim), False
    return loaded(ApiAnswer, claim | {"id": claimed_id, "fingerprint": fingerprint}), True


def keep_answer(*, answer: ApiAnswer, status: int, body: str) -> None:
    """Call it in the transaction of the work, so that there is an answer if it happened."""
    answer.status, answer.body = status, body
    answer.save(update_fields=["status", "body"])


def let_go(*, answer: ApiAnswer) -> None:
    """Give the key back: its request was not allowed, and nothing was done."""
    ApiAnswer.objects.filter(pk=answer.pk, status=None).delete()


def take_over(*, answer: ApiAnswer, at: datetime) -> bool:
    """Claim anew what nobody answered: its request must be dead by now."""
    stale = ApiAnswer.objects.filter(pk=answer.pk, status=None, claimed_at__lte=at - CLAIMED_FOR)
    return stale.update(claimed_at=at) == 1


def forget_old_answers(*, at: datetime) -> int:
    """Forget those of all locations in scope that were kept long enough; gives how many."""
    return ApiAnswer.objects.filter(claimed_at__lte=at - KEPT_FOR).delete()[0]
