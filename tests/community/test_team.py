"""Settings > Team: who runs the location, who helps, and that somebody always runs it."""

import pytest

from community.models import Role
from community.services.team import LastAdmin, NoLongerAdmin, change_role, remove_from_team
from membership.models import Invitation
from membership.services.invitations import invite
from tests.community.settings_pages import TEAM, address, audited, error_at, words
from tests.factories import NOON, CustomerFactory, LocationFactory, RoleFactory
from tests.racing import race


@pytest.fixture
def other(location):
    return RoleFactory(location=location, user__name="Ole Berg").user


def role_of(user, location):
    return Role.objects.filter(user=user, location=location).first()


def roles(location):
    return sorted(Role.objects.filter(location=location).values_list("user__name", "kind"))


def do(browser, location, name, user, **fields):
    at = address(location, name, role_of(user, location).pk)
    return browser.post(at, fields, follow=True)


def test_the_team_is_listed_with_name_email_and_role(location, admin, staff, signed_in):
    response = signed_in(admin).get(address(location, TEAM))

    for said in ("Nora Lind", admin.email, staff.email, "Admin", "Staff", "(you)"):
        assert said in words(response)


def test_staff_become_an_admin_and_back(location, admin, staff, signed_in):
    browser = signed_in(admin)

    do(browser, location, "change_role", staff, kind="admin")
    raised = role_of(staff, location).kind
    do(browser, location, "change_role", staff, kind="staff")

    assert (raised, role_of(staff, location).kind) == ("admin", "staff")
    assert audited() == [
        ("role changed", {"role": "staff"}, {"role": "admin"}),
        ("role changed", {"role": "admin"}, {"role": "staff"}),
    ]


def test_the_same_role_again_writes_nothing(location, admin, staff, signed_in):
    do(signed_in(admin), location, "change_role", staff, kind="staff")

    assert audited() == []


def test_who_is_removed_is_out_at_the_next_request(location, admin, staff, signed_in, client):
    browser = signed_in(admin)

    asked = browser.get(address(location, "remove_from_team", role_of(staff, location).pk))
    response = do(browser, location, "remove_from_team", staff)

    assert "from the team?" in words(asked)
    assert "left the team." in words(response)
    assert role_of(staff, location) is None
    assert signed_in(staff).get(f"/{location.slug}/community/").status_code == 403
    assert audited() == [("removed from the team", {"role": "staff"}, {})]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("change_role", {"kind": "staff"}),
        ("remove_from_team", {}),
    ],
)
def test_the_last_admin_stays(location, admin, staff, signed_in, name, fields):
    response = do(signed_in(admin), location, name, admin, **fields)

    assert "A location keeps at least one admin." in words(response)
    assert role_of(admin, location).kind == "admin"
    assert audited() == []


def test_an_admin_who_can_not_sign_in_does_not_count(location, admin, other, signed_in):
    other.is_active = False
    other.save()

    do(signed_in(admin), location, "remove_from_team", admin)

    assert role_of(admin, location).kind == "admin"


def test_you_may_leave_if_another_admin_stays(location, admin, other, signed_in):
    response = do(signed_in(admin), location, "remove_from_team", admin)

    assert role_of(admin, location) is None
    assert response.redirect_chain == [("/", 302)]


def test_who_leaves_the_team_and_is_a_member_lands_at_home(location, admin, other, signed_in):
    CustomerFactory(member__location=location, member__user=admin)

    response = do(signed_in(admin), location, "remove_from_team", admin)

    assert response.redirect_chain == [(f"/{location.slug}/", 302)]
    assert response.status_code == 200


def test_who_makes_themself_staff_lands_where_staff_may(location, admin, other, signed_in):
    response = do(signed_in(admin), location, "change_role", admin, kind="staff")

    assert response.redirect_chain == [(f"/{location.slug}/", 302)]
    assert role_of(admin, location).kind == "staff"


@pytest.mark.parametrize("kind", ["", "owner", "ADMIN", "admin\x00", "a" * 1024 * 1024])
def test_no_other_role_can_be_given(location, admin, staff, signed_in, kind):
    response = do(signed_in(admin), location, "change_role", staff, kind=kind)

    assert response.context["form"].errors["kind"]
    assert role_of(staff, location).kind == "staff"


@pytest.mark.parametrize("name", ["change_role", "remove_from_team"])
def test_a_role_at_another_location_is_not_found(location, admin, signed_in, name):
    foreign = RoleFactory(location=LocationFactory())

    at = address(location, name, foreign.pk)

    assert signed_in(admin).get(at).status_code == 404
    assert signed_in(admin).post(at, {"kind": "admin"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_leave_one(location, admin, other):
    def removes(by, user):
        return lambda: remove_from_team(location=location, user=user, by=by, at=NOON)

    answers = race(location, [removes(admin, other), removes(other, admin)])

    assert sorted(type(answer) for answer in answers if answer) == [NoLongerAdmin]
    assert Role.objects.filter(location=location, kind="admin").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_step_down_at_once_leave_one(location, admin, other):
    def steps_down(user):
        return lambda: change_role(
            location=location, user=user, kind=Role.Kind.STAFF, by=user, at=NOON
        )

    answers = race(location, [steps_down(admin), steps_down(other)])

    assert [type(answer) for answer in answers if answer] == [LastAdmin]
    assert sorted(kind for _name, kind in roles(location)) == ["admin", "staff"]


def test_an_admin_is_invited_by_email(location, admin, signed_in):
    response = signed_in(admin).post(
        address(location, TEAM), {"email": "New@Loft.test", "kind": "admin"}, follow=True
    )

    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.kind) == ("new@loft.test", "admin")
    assert "new@loft.test is invited." in words(response)


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("", "This field is required."),
        ("nobody", "Enter a valid email address."),
        ("a@b.test\x00", "Null characters are not allowed."),
        ("a" * 300 + "@b.test", "at most 254 characters"),
        ("<b>@b.test", "Enter a valid email address."),
    ],
)
def test_an_email_that_makes_no_sense_is_refused_at_its_field(
    location, admin, signed_in, email, message
):
    response = signed_in(admin).post(address(location, TEAM), {"email": email, "kind": "staff"})

    assert message in error_at(response, "email")
    assert not Invitation.objects.exists()


def test_who_is_in_the_team_is_not_invited(location, admin, staff, signed_in):
    response = signed_in(admin).post(
        address(location, TEAM), {"email": staff.email, "kind": "admin"}
    )

    assert "is in the team already" in error_at(response, "email")


@pytest.fixture
def invited(location, admin):
    invitation, _token = invite(
        location=location,
        email="new@loft.test",
        kind=Invitation.Kind.STAFF,
        by=admin,
        at=NOON.replace(year=2099),
    )
    return invitation


def test_open_invitations_are_listed_and_taken_back(location, admin, signed_in, invited):
    browser = signed_in(admin)

    listed = browser.get(address(location, TEAM))
    response = browser.post(address(location, "revoke_team_invitation", invited.pk), follow=True)

    assert "new@loft.test" in words(listed)
    assert "was taken back." in words(response)
    assert not Invitation.objects.open().filter(pk=invited.pk).exists()


def test_an_invitation_is_sent_again(location, admin, signed_in, invited):
    before = invited.token_hash

    response = signed_in(admin).post(
        address(location, "resend_team_invitation", invited.pk), follow=True
    )

    invited.refresh_from_db()
    assert "gets a new link" in words(response)
    assert invited.token_hash != before


def test_a_link_is_shown_to_hand_over(location, admin, signed_in, invited):
    browser = signed_in(admin)

    page = browser.post(address(location, "link_team_invitation", invited.pk))
    answer = browser.post(
        address(location, "link_team_invitation", invited.pk),
        headers={"accept": "application/json"},
    )

    link = answer.json()["text"]
    assert link in words(page)
    assert browser.get(link.removeprefix("http://testserver")).status_code == 200


def test_a_member_s_invitation_is_not_the_team_s(location, admin, signed_in):
    invitation, _token = invite(
        location=location,
        email="m@loft.test",
        kind=Invitation.Kind.MEMBER,
        by=admin,
        at=NOON.replace(year=2099),
    )
    browser = signed_in(admin)

    assert "m@loft.test" not in words(browser.get(address(location, TEAM)))
    for name in ("resend", "revoke", "link"):
        at = address(location, f"{name}_team_invitation", invitation.pk)
        assert browser.post(at).status_code == 404


def test_staff_and_members_change_no_team(location, admin, staff, mia, signed_in, invited):
    admin_role = role_of(admin, location).pk
    for user in (staff, mia.user):
        browser = signed_in(user)
        answers = [
            browser.post(address(location, TEAM), {"email": "x@y.test", "kind": "admin"}),
            browser.post(address(location, "change_role", admin_role), {"kind": "staff"}),
            browser.post(address(location, "remove_from_team", admin_role)),
            browser.post(address(location, "resend_team_invitation", invited.pk)),
            browser.post(address(location, "revoke_team_invitation", invited.pk)),
            browser.post(address(location, "link_team_invitation", invited.pk)),
        ]
        assert [answer.status_code for answer in answers] == [403] * 6

    assert role_of(admin, location).kind == "admin"
