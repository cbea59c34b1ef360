from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, Member, User
from community.services import record_audit


class NotInThatState(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("The membership is in another state by now."), code="not_in_that_state")


@transaction.atomic
def add_member(*, location: Location, user: User, at: datetime, by: User | None = None) -> Member:
    """Make a user an active member of the location, with the customer that pays for them.

    An existing member is returned as they are.
    """
    member, made = Member.objects.get_or_create(
        location=location, user=user, defaults={"joined_at": at}
    )
    if made:
        Customer.objects.create(location=location, member=member)
        record_audit(
            location=location, by=by, action="member added", subject=f"member {member.pk}", at=at
        )
    return member


@transaction.atomic
def suspend_member(*, member: Member, by: User | None, reason: str, at: datetime) -> Member:
    """From the next request on the member can look, but not buy, claim or spend.

    :raises NotInThatState: if they are not active
    """
    return _change_state(
        member, Member.State.ACTIVE, Member.State.SUSPENDED, by=by, reason=reason, at=at
    )


@transaction.atomic
def reactivate_member(*, member: Member, by: User | None, at: datetime) -> Member:
    """End a suspension.

    :raises NotInThatState: if they are not suspended
    """
    return _change_state(
        member, Member.State.SUSPENDED, Member.State.ACTIVE, by=by, reason="", at=at
    )


def _change_state(
    member: Member,
    before: Member.State,
    after: Member.State,
    *,
    by: User | None,
    reason: str,
    at: datetime,
) -> Member:
    member = (
        Member.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location")
        .get(pk=member.pk)
    )
    if member.state != before:
        raise NotInThatState
    member.state = after
    member.save(update_fields=["state"])
    record_audit(
        location=member.location,
        by=by,
        action=f"member {after}",
        subject=f"member {member.pk}",
        reason=reason,
        at=at,
    )
    return member
