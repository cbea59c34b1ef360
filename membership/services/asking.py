"""Requests to join: a signed-in stranger asks, an admin answers, and both are told."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from community.models import Location, Member, User
from community.services import record_audit
from community.services.people import admins_of
from membership.models import JoinRequest
from membership.services.joining import admit_member, lock_ways_in
from notifications.models import Notification
from notifications.services import notify

ASK_AGAIN_AFTER = timedelta(days=1)


class NothingToAsk(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("You are a member already."), code="nothing_to_ask")


class AskAgainLater(ValidationError):
    def __init__(self, *, location: Location) -> None:
        super().__init__(
            _("%(name)s declined less than a day ago. You can ask again later."),
            code="ask_again_later",
            params={"name": location.name},
        )


class AlreadyAnswered(ValidationError):
    def __init__(self, *, request: JoinRequest) -> None:
        words = {
            JoinRequest.State.ACCEPTED: _("%(by)s accepted %(name)s already."),
            JoinRequest.State.DECLINED: _("%(by)s declined %(name)s already."),
        }
        super().__init__(
            words[JoinRequest.State(request.state)],
            code="already_answered",
            params={"by": request.answered_by or _("Somebody"), "name": request.user},
        )


class RequestWithdrawn(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This request was withdrawn meanwhile."), code="request_withdrawn")


@transaction.atomic
def ask_to_join(*, location: Location, user: User, message: str, at: datetime) -> JoinRequest:
    """Ask the admins of a location to let the user in. Asking twice is asking once.

    :raises NothingToAsk: if the user is a member
    :raises AskAgainLater: for a day after the last request was declined
    """
    if Member.objects.filter(
        location=location, user=user, state__in=[Member.State.ACTIVE, Member.State.SUSPENDED]
    ).exists():
        raise NothingToAsk
    last = JoinRequest.objects.filter(location=location, user=user).order_by("-pk").first()
    if last and may_ask_from(last) > at:
        raise AskAgainLater(location=location)
    try:
        with transaction.atomic():
            request = JoinRequest.objects.create(
                location=location, user=user, message=message, created_at=at
            )
    except IntegrityError:
        asked: JoinRequest = JoinRequest.objects.open().get(location=location, user=user)
        return asked
    _tell_admins(request, at=at)
    return request


def may_ask_from(request: JoinRequest) -> datetime:
    """From when on the user may ask again, after the last request."""
    if request.state == JoinRequest.State.DECLINED and request.answered_at:
        return request.answered_at + ASK_AGAIN_AFTER
    return request.created_at


@transaction.atomic
def withdraw_request(*, location: Location, user: User, at: datetime) -> None:
    """Take back what was asked, as if it had not been. Nothing to take back is fine.

    :raises AlreadyAnswered: if an admin was quicker
    """
    asked = JoinRequest.objects.filter(location=location, user=user).order_by("-pk")
    request = asked.select_for_update(no_key=True, of=("self",)).first()
    if request is None:
        return
    if request.state != JoinRequest.State.OPEN:
        raise AlreadyAnswered(request=request)
    record_audit(
        location=location,
        by=user,
        action="request withdrawn",
        subject=f"user {user.pk}",
        at=at,
    )
    request.delete()


@transaction.atomic
def accept_request(*, request: JoinRequest, by: User, at: datetime) -> Member:
    """Let in who asked.

    :raises AlreadyAnswered, RequestWithdrawn: if it isn't open any more
    """
    lock_ways_in(location=request.location, user=request.user)
    request = _lock_open(request.pk)
    _answer(request, JoinRequest.State.ACCEPTED, by=by, at=at)
    _tell_asker(request, Notification.Kind.JOIN_ACCEPTED, at=at)
    return admit_member(location=request.location, user=request.user, by=by, at=at)


@transaction.atomic
def decline_request(*, request: JoinRequest, by: User, at: datetime) -> JoinRequest:
    """Don't let in who asked; they may ask again after a day.

    :raises AlreadyAnswered, RequestWithdrawn: if it isn't open any more
    """
    request = _lock_open(request.pk)
    _answer(request, JoinRequest.State.DECLINED, by=by, at=at)
    _tell_asker(request, Notification.Kind.JOIN_DECLINED, at=at)
    return request


def _lock_open(request_id: int) -> JoinRequest:
    request: JoinRequest | None = (
        JoinRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location", "user", "answered_by")
        .filter(pk=request_id)
        .first()
    )
    if request is None:
        raise RequestWithdrawn
    if request.state != JoinRequest.State.OPEN:
        raise AlreadyAnswered(request=request)
    return request


def _answer(request: JoinRequest, state: JoinRequest.State, *, by: User, at: datetime) -> None:
    request.state, request.answered_at, request.answered_by = state, at, by
    request.save(update_fields=["state", "answered_at", "answered_by"])
    record_audit(
        location=request.location,
        by=by,
        action=f"request {state}",
        subject=f"user {request.user_id}",
        at=at,
    )


def _tell_admins(request: JoinRequest, *, at: datetime) -> None:
    # Once a day: asking and withdrawing again and again rings no bell.
    day = localtime(at, request.location.zone).date()
    notify(
        location=request.location,
        user_ids=admins_of(request.location),
        kind=Notification.Kind.JOIN_REQUESTED,
        facts={"name": str(request.user)},
        key=f"join_requested:{request.location_id}:{request.user_id}:{day}",
        at=at,
    )


def _tell_asker(request: JoinRequest, kind: Notification.Kind, *, at: datetime) -> None:
    notify(
        location=request.location,
        user_ids=[request.user_id],
        kind=kind,
        facts={},
        key=f"{kind}:{request.pk}",
        at=at,
    )
