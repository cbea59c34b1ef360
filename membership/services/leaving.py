"""How a membership ends: plan and bill too. Credits stay on the ledger and come back."""

from datetime import datetime

from django.db import transaction

from community.models import Customer, Member, User
from membership.services.assigning import stop_plans
from membership.services.companies import leave_companies
from membership.services.joining import (
    NotInThatState,
    change_state,
    lock_member,
    tell_member,
)
from notifications.models import Notification
from payments.services.cards import release_cards


@transaction.atomic
def leave_location(*, member: Member, at: datetime) -> Member:
    """End a membership by the member's own wish. What is being paid for still settles.

    :raises NotInThatState: if it has ended already
    :raises KeepsAManager: if they are the last manager of an open company
    """
    return _end(member, action="member left", by=member.user, reason="", at=at)


@transaction.atomic
def remove_member(*, member: Member, by: User | None, reason: str, at: datetime) -> Member:
    """End a membership in the name of the location, and tell who it was.

    :raises NotInThatState: if it has ended already
    :raises KeepsAManager: if they are the last manager of an open company
    """
    member = _end(member, action="member removed", by=by, reason=reason, at=at)
    tell_member(member, Notification.Kind.MEMBER_REMOVED, reason=reason, at=at)
    return member


def _end(member: Member, *, action: str, by: User | None, reason: str, at: datetime) -> Member:
    member = lock_member(member)
    if member.state not in {Member.State.ACTIVE, Member.State.SUSPENDED}:
        raise NotInThatState
    leave_companies(member=member, by=by, at=at)
    for customer in Customer.objects.filter(member=member).select_related("location"):
        stop_plans(customer=customer, by=by, at=at)
        release_cards(customer=customer)  # nobody is left to remove them, or to end auto-pay
    change_state(member, Member.State.LEFT, action=action, by=by, reason=reason, at=at)
    return member
