"""Keys with which other software acts for a location: made, shown once, revoked."""

from datetime import datetime, timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import ApiKey, Location, User
from community.services.audit import record_audit

SHOWN = 11  # letters of a key that stay visible: its kind and eight of its own
MOST_KEYS = 50
NOTED_EVERY = timedelta(minutes=1)


class ExpiryInThePast(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(_("Choose a day after today."), code="expiry_in_the_past")
        super().__init__({"expires_on": words})


class TooManyKeys(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("A location has at most %(most)d keys. Revoke one first."),
            code="too_many_keys",
            params={"most": MOST_KEYS},
        )


def digest_of(token: str) -> str:
    """What a key is known by. It is long and drawn by chance, so a plain hash hides it."""
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def make_api_key(
    *,
    location: Location,
    name: str,
    scopes: list[str],
    token: str,
    by: User,
    at: datetime,
    expires_at: datetime | None = None,
) -> ApiKey:
    """Let whoever has the token act for the location, as far as the scopes go.

    :param token: drawn by chance, 32 bytes or more; only its hash is kept
    :raises ExpiryInThePast: if it would be over before it begins
    :raises TooManyKeys: revoked ones don't count
    """
    if expires_at is not None and expires_at <= at:
        raise ExpiryInThePast
    if ApiKey.objects.filter(revoked_at=None).count() >= MOST_KEYS:
        raise TooManyKeys
    key = ApiKey.objects.create(
        location=location,
        name=name,
        prefix=token[:SHOWN],
        digest=digest_of(token),
        scopes=scopes,
        made_by=by,
        created_at=at,
        expires_at=expires_at,
    )
    until = expires_at.isoformat() if expires_at else None
    facts: dict[str, object] = {"name": name, "scopes": scopes, "expires_at": until}
    _audit("API key made", key, after=facts, by=by, at=at)
    return key


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: User, at: datetime) -> None:
    """End a key from the next request on. Twice is once."""
    key = ApiKey.objects.select_for_update(no_key=True).get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
        _audit("API key revoked", key, before={"name": key.name}, by=by, at=at)


def note_use(*, key: ApiKey, at: datetime) -> None:
    """Remember when a key was used last, to the minute: not every request writes."""
    if key.last_used_at is None or key.last_used_at <= at - NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=at - NOTED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)


def _audit(
    action: str,
    key: ApiKey,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    by: User | None,
    at: datetime,
) -> None:
    record_audit(
        location=key.location,
        by=by,
        action=action,
        subject=f"API key {key.pk}",
        at=at,
        before=before,
        after=after,
    )
