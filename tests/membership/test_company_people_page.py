import pytest
from django.urls import reverse

from community.models import CompanyMember, Member
from membership.models import Invitation
from membership.services.companies import close_company, put_in_company
from membership.services.company_invitations import invite_to_company
from tests.dialogs import asks_first
from tests.factories import NOON, CustomerFactory, company_of


@pytest.fixture
def studio(mia):
    return company_of(mia, name="Studio North")


@pytest.fixture
def theo(location):
    return CustomerFactory(
        member__location=location,
        member__user__name="Theo Night",
        member__user__email="theo@h.test",
    ).member


@pytest.fixture
def employed(studio, theo):
    return put_in_company(company=studio, member=theo, by=None, at=NOON)


def at(location, name, *args):
    return reverse(f"membership:{name}", args=[location.slug, *args])


def words(response):
    return response.content.decode().replace("&#x27;", "'")


def test_a_manager_sees_people_and_invitations(location, studio, mia, employed, signed_in):
    browser = signed_in(mia.user)
    browser.post(at(location, "invite_to_company", studio.pk), {"email": "ada@h.test"})

    page = words(browser.get(at(location, "company_people", studio.pk)))

    for said in ("Mia Holm", "Theo Night", "theo@h.test", "ada@h.test", "Send again", "Revoke"):
        assert said in page
    assert "An invitation is on its way to ada@h.test." in page


def test_a_member_sees_names_and_managers_and_nothing_else(
    location, studio, mia, theo, employed, signed_in
):
    invite_to_company(company=studio, email="ada@h.test", by=mia.user, at=NOON)

    page = words(signed_in(theo.user).get(at(location, "company_people", studio.pk)))

    for said in ("Mia Holm", "Manager", "Theo Night"):
        assert said in page
    main = page.partition("<main")[2]
    for hidden in ("mia@h.test", "theo@h.test", "ada@h.test", "Remove", "Invite", "Make"):
        assert hidden not in main


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("change_company_role", {"role": "manager"}),
        ("remove_from_company", {}),
    ],
)
def test_a_member_changes_nobody(location, studio, theo, employed, signed_in, name, values):
    browser = signed_in(theo.user)

    answer = browser.post(at(location, name, studio.pk, employed.pk), values)

    assert answer.status_code == 403
    assert not CompanyMember.objects.get(pk=employed.pk).is_manager


def test_a_member_invites_nobody(location, studio, theo, employed, signed_in):
    browser = signed_in(theo.user)
    address = at(location, "invite_to_company", studio.pk)

    assert browser.post(address, {"email": "ada@h.test"}).status_code == 403
    assert not Invitation.objects.exists()


def test_to_other_members_the_company_is_not_there(location, studio, theo, signed_in):
    browser = signed_in(theo.user)

    assert browser.get(at(location, "company_people", studio.pk)).status_code == 404
    address = at(location, "invite_to_company", studio.pk)
    assert browser.post(address, {"email": "ada@h.test"}).status_code == 404


def test_a_suspended_manager_looks_but_changes_nothing(location, studio, mia, employed, signed_in):
    Member.objects.filter(pk=mia.pk).update(state="suspended")
    browser = signed_in(mia.user)

    page = words(browser.get(at(location, "company_people", studio.pk)))
    assert "You can't change who is in the company now." in page
    assert "Make" not in page.partition("<main")[2]
    address = at(location, "remove_from_company", studio.pk, employed.pk)
    assert browser.post(address).status_code == 403


def test_a_manager_adds_a_member_promotes_and_removes(location, studio, mia, theo, signed_in):
    browser = signed_in(mia.user)

    added = browser.post(
        at(location, "invite_to_company", studio.pk), {"email": "theo@h.test"}, follow=True
    )
    assert "Theo Night is in the company now." in words(added)
    place = CompanyMember.objects.get(member=theo)
    browser.post(at(location, "change_company_role", studio.pk, place.pk), {"role": "manager"})
    assert CompanyMember.objects.managers().count() == 2
    removal = at(location, "remove_from_company", studio.pk, place.pk)
    assert asks_first(added, removal)
    browser.post(removal)
    assert not CompanyMember.objects.filter(member=theo).exists()


def test_the_last_manager_reads_why_they_stay(location, studio, mia, signed_in):
    browser, place = signed_in(mia.user), CompanyMember.objects.get(member=mia)

    refused = browser.post(at(location, "remove_from_company", studio.pk, place.pk))
    assert "Studio North would be left without a manager." in words(refused)

    leaving = browser.post(at(location, "leave"))
    assert "Studio North would be left without a manager." in words(leaving)
    assert 'role="alert"' in words(leaving)
    assert Member.objects.get(pk=mia.pk).state == "active"


def test_an_admin_reads_why_the_last_manager_is_not_removed(
    location, studio, mia, admin, signed_in
):
    response = signed_in(admin).post(
        reverse("community:remove_member", args=[location.slug, mia.pk]), {"reason": "Moved away"}
    )

    assert "Studio North would be left without a manager." in words(response)
    assert "Moved away" in words(response)
    assert Member.objects.get(pk=mia.pk).state == "active"


def test_a_manager_who_goes_is_led_to_their_credits(
    location, studio, mia, theo, employed, signed_in
):
    CompanyMember.objects.filter(member=theo).update(role="manager")
    place = CompanyMember.objects.get(member=mia)

    response = signed_in(mia.user).post(at(location, "remove_from_company", studio.pk, place.pk))

    assert response.url == at(location, "credits")


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("", "This field is required."),
        ("ada", "Enter a valid email address."),
        ("mia@h.test", "They belong to this company already."),
    ],
)
def test_what_is_wrong_is_said(location, studio, mia, signed_in, email, said):
    response = signed_in(mia.user).post(
        at(location, "invite_to_company", studio.pk), {"email": email}
    )

    assert said in words(response)
    assert not Invitation.objects.exists()


def test_a_manager_sends_again_and_revokes(location, studio, mia, signed_in):
    browser = signed_in(mia.user)
    browser.post(at(location, "invite_to_company", studio.pk), {"email": "ada@h.test"})
    invitation = Invitation.objects.get()
    earlier = invitation.token_hash

    browser.post(at(location, "resend_company_invitation", studio.pk, invitation.pk))
    invitation.refresh_from_db()
    assert invitation.token_hash != earlier
    browser.post(at(location, "revoke_company_invitation", studio.pk, invitation.pk))
    assert not Invitation.objects.open().exists()


def test_an_invitation_of_the_location_is_not_a_manager_s(location, studio, mia, admin, signed_in):
    signed_in(admin).post(
        reverse("community:invite", args=[location.slug]), {"emails": "ada@h.test"}
    )
    invitation = Invitation.objects.get()

    answer = signed_in(mia.user).post(
        at(location, "revoke_company_invitation", studio.pk, invitation.pk)
    )

    assert answer.status_code == 404


def test_a_closed_company_invites_nobody(location, studio, mia, signed_in):
    close_company(company=studio, by=None, at=NOON)

    page = words(signed_in(mia.user).get(at(location, "company_people", studio.pk)))

    assert "This company is closed." in page
    assert "invite/" not in page
