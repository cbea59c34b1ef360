from datetime import timedelta

import pytest
from django.core import mail
from django.utils.timezone import now

from community.models import CompanyMember, Member
from membership.models import Invitation, JoinRequest
from membership.services.asking import accept_request, ask_to_join
from membership.services.companies import (
    CompanyNotOpen,
    InCompanyAlready,
    NoLongerManager,
    close_company,
    put_in_company,
)
from membership.services.company_invitations import (
    CannotBeInvited,
    InvitedElsewhere,
    invite_to_company,
    resend_company_invitation,
    revoke_company_invitation,
)
from membership.services.invitations import (
    VALID_FOR,
    AlreadyInvited,
    accept_invitation,
    invite,
    resend_invitation,
)
from membership.services.mailing import mail_invitation
from tests.factories import NOON, CustomerFactory, UserFactory, company_of

ADA = "ada@h.test"


@pytest.fixture
def studio(mia):
    return company_of(mia, name="Studio North")


@pytest.fixture
def theo(location):
    return CustomerFactory(member__location=location, member__user__email="theo@h.test").member


@pytest.fixture
def ada(db):
    return UserFactory(name="Ada Okafor", email=ADA)


def ask_in(studio, mia, email=ADA, at=NOON):
    return invite_to_company(company=studio, email=email, by=mia.user, at=at)


def invite_to_location(location, admin, email=ADA):
    return invite(location=location, email=email, kind=Invitation.Kind.MEMBER, by=admin, at=NOON)


def accept(invitation, user):
    _invitation, token = resend_invitation(invitation=invitation, by=None, at=NOON)
    return accept_invitation(token=token, user=user, at=NOON)


def is_in(company, user):
    return CompanyMember.objects.filter(company=company, member__user=user).exists()


def test_an_active_member_is_in_at_once_and_told(studio, mia, theo):
    place = ask_in(studio, mia, " THEO@h.test ")

    assert (place.member, place.role) == (theo, "member")
    assert (place.may_use_card, place.may_use_bill) == (False, False)
    assert theo.user.notifications.get().kind == "company_joined"
    assert not Invitation.objects.exists()
    with pytest.raises(InCompanyAlready):
        ask_in(studio, mia, "theo@h.test")


def test_anybody_else_is_invited_to_both_and_accepting_admits_to_both(studio, mia, ada):
    invitation = ask_in(studio, mia)
    assert (invitation.company, invitation.invited_by) == (studio, mia.user)

    accept(invitation, ada)

    assert Member.objects.get(user=ada).state == "active"
    assert is_in(studio, ada)


def test_who_comes_in_by_asking_is_put_in_the_company_too(location, studio, mia, admin, ada):
    ask_in(studio, mia)
    ask_to_join(location=location, user=ada, message="", at=NOON)

    accept_request(request=JoinRequest.objects.get(), by=admin, at=NOON)

    assert is_in(studio, ada)
    assert Invitation.objects.get().accepted_by == ada


def test_the_location_s_invitation_is_extended_by_the_company(location, studio, mia, admin, ada):
    earlier, _token = invite_to_location(location, admin)

    extended = ask_in(studio, mia)

    assert extended.pk == earlier.pk
    assert (extended.company, extended.sent_at) == (studio, None)
    accept(extended, ada)
    assert is_in(studio, ada)


def test_an_open_invitation_is_not_made_twice_but_an_expired_one_is_renewed(studio, mia):
    ask_in(studio, mia)
    with pytest.raises(AlreadyInvited):
        ask_in(studio, mia)

    renewed = ask_in(studio, mia, at=NOON + VALID_FOR + timedelta(days=1))

    assert renewed.expires_at == NOON + 2 * VALID_FOR + timedelta(days=1)
    assert Invitation.objects.count() == 1


def test_an_admin_s_invitation_does_not_take_the_company_away(location, studio, mia, admin):
    invitation = ask_in(studio, mia)
    Invitation.objects.update(expires_at=NOON)

    invite_to_location(location, admin)

    invitation.refresh_from_db()
    assert invitation.company == studio


def test_an_invitation_names_one_company(studio, mia, theo):
    ask_in(studio, mia)
    other = company_of(theo)

    with pytest.raises(InvitedElsewhere):
        ask_in(other, theo)

    close_company(company=studio, by=None, at=NOON)
    with pytest.raises(AlreadyInvited):  # the way in is open, to the location alone
        ask_in(other, theo)


def test_a_suspended_member_is_not_invited_and_why_is_not_told(studio, mia, theo):
    theo.state = "suspended"
    theo.save()

    with pytest.raises(CannotBeInvited) as refusal:
        ask_in(studio, mia, "theo@h.test")

    assert "suspended" not in refusal.value.messages[0]


def test_who_left_is_invited_back(studio, mia, theo):
    theo.state = "left"
    theo.save()

    accept(ask_in(studio, mia, "theo@h.test"), theo.user)

    assert is_in(studio, theo.user)


def test_an_invitation_to_a_company_that_closed_lets_in_to_the_location(studio, mia, ada):
    invitation = ask_in(studio, mia)
    close_company(company=studio, by=None, at=NOON)

    accept(invitation, ada)

    assert Member.objects.get(user=ada).state == "active"
    assert not is_in(studio, ada)


def test_who_was_put_in_meanwhile_accepts_all_the_same(location, studio, mia, ada):
    invitation = ask_in(studio, mia)
    joined = CustomerFactory(member__location=location, member__user=ada).member
    put_in_company(company=studio, member=joined, by=None, at=NOON)

    accept(invitation, ada)

    assert CompanyMember.objects.filter(member=joined).count() == 1


def test_only_managers_invite_send_again_and_revoke(studio, mia, theo):
    invitation = ask_in(studio, mia)
    put_in_company(company=studio, member=theo, by=None, at=NOON)

    for refused in (
        lambda: ask_in(studio, theo, "ben@h.test"),
        lambda: resend_company_invitation(invitation=invitation, by=theo.user, at=NOON),
        lambda: revoke_company_invitation(invitation=invitation, by=theo.user, at=NOON),
    ):
        with pytest.raises(NoLongerManager):
            refused()

    assert Invitation.objects.open().count() == 1


def test_nobody_is_invited_to_a_closed_company(studio, mia):
    close_company(company=studio, by=None, at=NOON)

    with pytest.raises(CompanyNotOpen):
        ask_in(studio, mia)

    assert not Invitation.objects.exists()


def test_a_manager_takes_back_what_a_manager_gave(studio, mia):
    revoke_company_invitation(invitation=ask_in(studio, mia), by=mia.user, at=NOON)

    assert not Invitation.objects.open().exists()


def test_a_manager_takes_only_the_company_off_the_location_s_invitation(
    location, studio, mia, admin
):
    invite_to_location(location, admin)

    revoke_company_invitation(invitation=ask_in(studio, mia), by=mia.user, at=NOON)

    assert Invitation.objects.open().get().company is None


def test_the_mail_names_the_company(studio, mia):
    invitation = ask_in(studio, mia, at=now())

    mail_invitation(invitation_id=invitation.pk, at=now())

    assert "Mia Holm invites you to Studio North, at Harbour Loft." in mail.outbox[0].body
