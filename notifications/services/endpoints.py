"""Endpoints of other software that are told what happens: added, rotated, switched, removed."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.services import record_audit
from community.services.people import admins_of
from notifications.models import Notification, WebhookDelivery, WebhookEndpoint
from notifications.services.calling import check_address
from notifications.services.telling import notify

State = WebhookDelivery.State
MOST_ENDPOINTS = 10
OLD_SECRETS_FOR = timedelta(days=1)
MOST_SECRETS = 3  # each signs: more would bloat every message


class TooManyEndpoints(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("A location has at most %(most)d webhooks. Remove one first."),
            code="too_many_endpoints",
            params={"most": MOST_ENDPOINTS},
        )


class AddressIsTold(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(_("This address has a webhook already."), code="address_is_told")
        super().__init__({"url": words})


@transaction.atomic
def add_endpoint(
    *, location: Location, url: str, events: list[str], secret: str, by: User, at: datetime
) -> WebhookEndpoint:
    """Tell an address of these events from now on.

    :param secret: `whsec_` and 24 bytes or more in base64, drawn by chance
    :raises AddressUnfit: unless it is https
    :raises AddressIsTold: by another webhook of the location
    :raises TooManyEndpoints:
    """
    check_address(url)
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)  # they are counted
    present = WebhookEndpoint.objects.filter(removed_at=None)
    if present.filter(url=url).exists():
        raise AddressIsTold
    if present.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    endpoint = WebhookEndpoint.objects.create(
        location=location,
        url=url,
        events=events,
        secrets=secret,
        made_by=by,
        created_at=at,
        next_call_at=at,
    )
    _audit("webhook added", endpoint, {"url": _place(url), "events": events}, by=by, at=at)
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, secret: str, by: User, at: datetime) -> None:
    """Sign with a new secret, and for a day with those before too."""
    endpoint = lock_endpoint(endpoint.pk)
    secrets = [secret, *signing_secrets(endpoint, at=at)][:MOST_SECRETS]
    endpoint.secrets, endpoint.rotated_at = " ".join(secrets), at
    endpoint.save(update_fields=["secrets", "rotated_at"])
    _audit("webhook secret rotated", endpoint, {}, by=by, at=at)


def signing_secrets(endpoint: WebhookEndpoint, *, at: datetime) -> list[str]:
    """Newest first."""
    newest, *older = endpoint.secrets.split()
    if endpoint.rotated_at is None or at - endpoint.rotated_at >= OLD_SECRETS_FOR:
        return [newest]
    return [newest, *older]


@transaction.atomic
def enable_endpoint(*, endpoint: WebhookEndpoint, by: User, at: datetime) -> None:
    """Tell it again: what happens from now on, and what it was still owed. Twice is once."""
    endpoint = lock_endpoint(endpoint.pk)
    if endpoint.disabled_at is None:
        return
    endpoint.disabled_at = endpoint.failing_since = None
    endpoint.next_call_at = at
    endpoint.save(update_fields=["disabled_at", "failing_since", "next_call_at"])
    _audit("webhook enabled", endpoint, {}, by=by, at=at)


@transaction.atomic
def disable_endpoint(*, endpoint: WebhookEndpoint, by: User, at: datetime) -> None:
    """Stop telling it. What happens meanwhile is not told later. Twice is once."""
    endpoint = lock_endpoint(endpoint.pk)
    if endpoint.disabled_at is None:
        endpoint.disabled_at = at
        endpoint.save(update_fields=["disabled_at"])
        _audit("webhook disabled", endpoint, {}, by=by, at=at)


@transaction.atomic
def remove_endpoint(*, endpoint: WebhookEndpoint, by: User, at: datetime) -> None:
    """Take an endpoint off the list for good, with all it is owed. Twice is once."""
    endpoint = lock_endpoint(endpoint.pk)
    if endpoint.removed_at is None:
        endpoint.disabled_at = endpoint.removed_at = at
        endpoint.save(update_fields=["disabled_at", "removed_at"])
        owed = WebhookDelivery.objects.filter(endpoint=endpoint, state=State.OWED)
        owed.update(state=State.FAILED)
        _audit("webhook removed", endpoint, {"url": _place(endpoint.url)}, by=by, at=at)


def stop_calling(endpoint: WebhookEndpoint, *, is_gone: bool, at: datetime) -> None:
    """Disable an endpoint that takes nothing, and tell the admins. Call it holding its lock."""
    endpoint.disabled_at = at
    endpoint.save(update_fields=["disabled_at"])
    why = "it is gone" if is_gone else "it took nothing for three days"
    _audit("webhook disabled", endpoint, {"why": why}, by=None, at=at)
    notify(
        location=endpoint.location,
        user_ids=admins_of(endpoint.location),
        kind=Notification.Kind.WEBHOOK_DISABLED,
        facts={"url": endpoint.url, "endpoint_id": endpoint.pk, "is_gone": is_gone},
        key=f"webhook disabled:{endpoint.pk}:{at.isoformat()}",
        at=at,
    )


def lock_endpoint(endpoint_id: int) -> WebhookEndpoint:
    locked = WebhookEndpoint.objects.select_for_update(no_key=True, of=("self",))
    found: WebhookEndpoint = locked.select_related("location").get(pk=endpoint_id)
    return found


def _place(url: str) -> str:
    """Its scheme and host. Receivers put secrets in the rest, and staff read the audit."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def _audit(
    action: str, endpoint: WebhookEndpoint, after: dict[str, Any], *, by: User | None, at: datetime
) -> None:
    record_audit(
        location=endpoint.location,
        by=by,
        action=action,
        subject=f"webhook {endpoint.pk}",
        after=after,
        at=at,
    )
