from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from community.models import AuditRecord, Customer, Member, Role
from membership.models import Invitation, JoinRequest
from membership.services.asking import accept_request, ask_to_join
from membership.services.invitations import (
    AlreadyInTeam,
    AlreadyInvited,
    AlreadyMember,
    InvitationExpired,
    InvitationForSomebodyElse,
    InvitationRevoked,
    InvitationUnknown,
    InvitationUsed,
    MemberIsSuspended,
    StillSuspended,
    accept_invitation,
    came_by_mail,
    copy_token,
    find_invitation,
    invitations_to_mail,
    invite,
    invite_members,
    note_invitation_sent,
    resend_invitation,
    revoke_invitation,
    token_to_mail,
)
from membership.services.joining import suspend_member
from membership.services.leaving import leave_location
from tests.factories import NOON, LocationFactory, MemberFactory, RoleFactory, UserFactory
from tests.racing import errors, race

MEMBER, STAFF, ADMIN = Invitation.Kind.MEMBER, Invitation.Kind.STAFF, Invitation.Kind.ADMIN
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def ada(db):
    return UserFactory(name="Ada Okafor", email="ada@h.test")


@pytest.fixture
def invited(location, admin):
    """Invite Ada, as a member unless told otherwise, and give invitation and token."""

    def invited(kind=MEMBER, email="ada@h.test", at=NOON):
        return invite(location=location, email=email, kind=kind, by=admin, at=at)

    return invited


def test_an_invitation_lets_its_address_in_as_an_active_member(location, invited, ada):
    _invitation, token = invited()

    accept_invitation(token=token, user=ada, at=NOON + DAY)

    member = Member.objects.get(user=ada)
    assert (member.location, member.state) == (location, "active")
    assert Customer.objects.filter(member=member).count() == 1


def test_capitals_in_the_address_make_no_difference(location, invited):
    _invitation, token = invited(email=" Ada@H.Test ")

    accept_invitation(token=token, user=UserFactory(email="aDa@h.test"), at=NOON)

    assert Member.objects.count() == 1


def test_only_a_hash_of_the_token_is_kept(invited):
    invitation, token = invited()

    kept = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert token not in str(kept)
    assert len(kept["token_hash"]) == 64


def test_a_link_works_once(invited, ada):
    _invitation, token = invited()
    accept_invitation(token=token, user=ada, at=NOON)

    with pytest.raises(InvitationUsed):
        accept_invitation(token=token, user=UserFactory(), at=NOON)


def test_who_accepted_may_click_again_but_is_not_let_in_again(invited, ada):
    _invitation, token = invited()
    accept_invitation(token=token, user=ada, at=NOON)
    leave_location(member=Member.objects.get(user=ada), at=NOON)

    accept_invitation(token=token, user=ada, at=NOON)

    assert Member.objects.get(user=ada).state == "left"


def test_a_link_ends_after_fourteen_days(invited, ada):
    _invitation, token = invited()

    with pytest.raises(InvitationExpired):
        accept_invitation(token=token, user=ada, at=NOON + 14 * DAY)

    assert not Member.objects.exists()


def test_a_revoked_link_lets_nobody_in(invited, ada, admin):
    invitation, token = invited()
    revoke_invitation(invitation=invitation, by=admin, at=NOON)
    revoke_invitation(invitation=invitation, by=admin, at=NOON)

    with pytest.raises(InvitationRevoked):
        accept_invitation(token=token, user=ada, at=NOON)


def test_what_was_accepted_cannot_be_revoked_or_sent_again(invited, ada, admin):
    invitation, token = invited()
    accept_invitation(token=token, user=ada, at=NOON)

    with pytest.raises(InvitationUsed):
        revoke_invitation(invitation=invitation, by=admin, at=NOON)
    with pytest.raises(InvitationUsed):
        resend_invitation(invitation=invitation, by=admin, at=NOON)
    with pytest.raises(InvitationUsed):
        copy_token(invitation=invitation, at=NOON)


def test_a_link_is_for_one_address(invited):
    _invitation, token = invited()

    with pytest.raises(InvitationForSomebodyElse):
        accept_invitation(token=token, user=UserFactory(), at=NOON)

    assert not Member.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "é" * 5000])
def test_garbage_opens_nothing(location, ada, token):
    with pytest.raises(InvitationUnknown):
        accept_invitation(token=token, user=ada, at=NOON)


def test_the_link_of_another_location_opens_nothing_here(location, admin, ada):
    elsewhere = LocationFactory()
    _invitation, token = invite(location=elsewhere, email=ada.email, kind=MEMBER, by=admin, at=NOON)

    assert find_invitation(token=token) is None


def test_sending_again_makes_a_new_link_and_ends_the_old_one(invited, admin, ada):
    invitation, old = invited()

    _invitation, new = resend_invitation(invitation=invitation, by=admin, at=NOON + 20 * DAY)

    with pytest.raises(InvitationUnknown):
        accept_invitation(token=old, user=ada, at=NOON + 21 * DAY)
    accept_invitation(token=new, user=ada, at=NOON + 21 * DAY)


def test_a_copied_link_works_beside_the_mailed_one_but_proves_no_mailbox(invited, ada):
    invitation, mailed = invited()

    copied = copy_token(invitation=invitation, at=NOON)

    assert came_by_mail(find_invitation(token=mailed), mailed)
    assert find_invitation(token=copied).pk == invitation.pk
    assert not came_by_mail(find_invitation(token=copied), copied)
    accept_invitation(token=copied, user=ada, at=NOON)


def test_one_invitation_is_open_per_address_and_kind(invited):
    invited()

    with pytest.raises(AlreadyInvited):
        invited(email="ADA@h.test")

    invited(STAFF)
    assert Invitation.objects.open().count() == 2


def test_inviting_again_after_it_expired_renews_it(invited):
    invitation, _token = invited()

    again, _token = invited(at=NOON + 15 * DAY)

    assert again.pk == invitation.pk
    assert again.expires_at == NOON + 29 * DAY


def test_an_address_can_be_invited_again_once_revoked(invited, admin):
    invitation, _token = invited()
    revoke_invitation(invitation=invitation, by=admin, at=NOON)

    invited()

    assert Invitation.objects.count() == 2


def test_a_member_is_not_invited(invited, mia):
    with pytest.raises(AlreadyMember):
        invited(email=mia.user.email)


def test_a_suspended_member_is_not_invited_and_not_let_in(invited, ada, admin, location):
    _invitation, token = invited()
    member = MemberFactory(location=location, user=ada, state="suspended")

    with pytest.raises(StillSuspended):
        accept_invitation(token=token, user=ada, at=NOON)
    with pytest.raises(MemberIsSuspended):
        invited()

    member.refresh_from_db()
    assert member.state == "suspended"
    assert Invitation.objects.open().count() == 1


def test_who_had_left_comes_back_to_the_same_membership(invited, mia):
    leave_location(member=mia, at=NOON)
    _invitation, token = invited(email=mia.user.email)

    accept_invitation(token=token, user=mia.user, at=NOON)

    mia.refresh_from_db()
    assert mia.state == "active"
    assert Member.objects.count() == Customer.objects.count() == 1


@pytest.mark.parametrize("kind", [STAFF, ADMIN])
def test_an_invitation_to_the_team_gives_the_role(location, invited, ada, kind):
    _invitation, token = invited(kind)

    accept_invitation(token=token, user=ada, at=NOON)

    assert Role.objects.get(user=ada, location=location).kind == kind
    assert not Member.objects.exists()
    assert AuditRecord.objects.filter(action=f"{kind} added").exists()


def test_of_two_roles_the_one_that_may_more_counts(location, invited, ada):
    tokens = [invited(kind)[1] for kind in (STAFF, ADMIN)]

    for token in [*tokens, tokens[0]]:
        accept_invitation(token=token, user=ada, at=NOON)

    assert Role.objects.get(user=ada, location=location).kind == ADMIN


def test_the_team_is_not_invited_to_the_team(location, invited, ada):
    RoleFactory(location=location, user=ada, kind="staff")

    with pytest.raises(AlreadyInTeam):
        invited(ADMIN)


def test_several_are_invited_or_nobody(location, admin, mia):
    with pytest.raises(ValidationError) as refused:
        invite_members(
            location=location,
            emails=["new@h.test", mia.user.email, "new@h.test"],
            by=admin,
            at=NOON,
        )

    assert len(refused.value.messages) == 2
    assert not Invitation.objects.exists()


def test_who_asked_and_is_invited_is_answered_by_accepting(location, invited, ada):
    ask_to_join(location=location, user=ada, message="", at=NOON)
    _invitation, token = invited()

    accept_invitation(token=token, user=ada, at=NOON)

    assert JoinRequest.objects.get().state == "accepted"


def test_every_step_is_on_record(invited, ada, admin):
    invitation, _token = invited()
    _invitation, token = resend_invitation(invitation=invitation, by=admin, at=NOON + DAY)
    accept_invitation(token=token, user=ada, at=NOON + DAY)

    said = list(AuditRecord.objects.order_by("pk").values_list("action", "user__name"))
    assert ("invitation made", admin.name) in said
    assert ("invitation sent again", admin.name) in said
    assert ("invitation accepted", ada.name) in said
    assert ("member added", admin.name) in said


def test_a_mail_waits_until_a_server_takes_it_and_carries_one_link(invited, admin):
    invitation, token = invited()

    assert invitations_to_mail(at=NOON + MINUTE) == [invitation.pk]
    found, mailed = token_to_mail(invitation_id=invitation.pk, at=NOON)
    assert mailed == token

    note_invitation_sent(invitation=found, at=NOON)
    assert invitations_to_mail(at=NOON + MINUTE) == []
    assert token_to_mail(invitation_id=invitation.pk, at=NOON) is None


def test_a_mail_that_no_server_takes_is_given_up_after_a_day(invited):
    invited()

    assert invitations_to_mail(at=NOON + DAY) == []


def test_a_mail_sent_late_does_not_stand_for_the_newer_one(invited, admin):
    invitation, _token = invited()
    found, _mailed = token_to_mail(invitation_id=invitation.pk, at=NOON)
    resend_invitation(invitation=invitation, by=admin, at=NOON + DAY)

    note_invitation_sent(invitation=found, at=NOON + DAY)

    assert invitations_to_mail(at=NOON + DAY + MINUTE) == [invitation.pk]


@pytest.mark.django_db(transaction=True)
def test_two_browsers_accept_one_invitation_once(location, invited, ada):
    _invitation, token = invited()

    answers = race(
        location, [lambda: accept_invitation(token=token, user=ada, at=NOON) for _ in range(6)]
    )

    assert errors(answers) == []
    assert Member.objects.count() == Customer.objects.count() == 1
    assert AuditRecord.objects.filter(action="invitation accepted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_and_revoking_at_once_has_one_winner(location, invited, ada, admin):
    for email in [f"racer{n}@h.test" for n in range(5)]:
        user = UserFactory(email=email)
        invitation, token = invited(email=email)

        answers = race(
            location,
            [
                lambda: accept_invitation(token=token, user=user, at=NOON),  # noqa: B023
                lambda: revoke_invitation(invitation=invitation, by=admin, at=NOON),  # noqa: B023
            ],
        )

        (refused,) = errors(answers)
        assert isinstance(refused, InvitationRevoked | InvitationUsed)
        is_member = Member.objects.filter(user=user).exists()
        assert is_member == isinstance(refused, InvitationUsed)


@pytest.mark.django_db(transaction=True)
def test_two_admins_invite_one_address_once(location, invited):
    answers = race(location, [invited] * 5)

    assert {type(error) for error in errors(answers)} == {AlreadyInvited}
    assert Invitation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_an_invitation_and_a_request_at_once_does_not_deadlock(
    location, invited, ada, admin
):
    _invitation, token = invited()
    asked = ask_to_join(location=location, user=ada, message="", at=NOON)

    answers = race(
        location,
        [
            lambda: accept_invitation(token=token, user=ada, at=NOON),
            lambda: accept_request(request=asked, by=admin, at=NOON),
        ],
    )

    assert all(isinstance(error, ValidationError) for error in errors(answers))
    assert Member.objects.get(user=ada).state == "active"
    assert not Invitation.objects.open().exists()
    assert not JoinRequest.objects.open().exists()


def test_suspension_is_told(mia, admin):
    suspend_member(member=mia, by=admin, reason="Unpaid", at=NOON)

    assert mia.user.notifications.get().facts == {"reason": "Unpaid"}
