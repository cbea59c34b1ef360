import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from unittest.mock import patch

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.timezone import now

from community.models import Member
from membership.models import Invitation
from membership.services.invitations import copy_token, invite, revoke_invitation
from membership.tasks import send_invitation, sweep_invitations
from tests.factories import CustomerFactory, LocationFactory, RoleFactory, UserFactory


@pytest.fixture
def invited(location, admin):
    """Invite an address as it would be by a click now, and give the link's path too."""

    def invited(email="ada@h.test", at=None, **facts):
        invitation, token = invite(
            location=location,
            email=email,
            kind=facts.pop("kind", "member"),
            by=admin,
            at=at or now(),
            **facts,
        )
        return invitation, reverse("invitation", args=[token])

    return invited


@pytest.fixture
def ada(db):
    return UserFactory(name="Ada Okafor", email="ada@h.test")


def words(response):
    return response.content.decode()


def community(location, name="members", *args):
    return reverse(f"community:{name}", args=[location.slug, *args])


def test_an_admin_invites_several_people_at_once(location, admin, signed_in):
    text = "Ada Okafor <ADA@h.test>, ben@h.test;\nada@h.test\n\n"

    response = signed_in(admin).post(community(location, "invite"), {"emails": text})

    assert response.url == community(location)
    assert set(Invitation.objects.values_list("email", flat=True)) == {"ada@h.test", "ben@h.test"}
    page = words(signed_in(admin).get(community(location)))
    assert "2 invitations are on their way." in page
    assert "The email is on its way" in page
    assert 'hx-trigger="load delay:3s"' in page


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"emails": ""}, "This field is required."),
        ({"emails": " ,;\n"}, "This field is required."),
        ({"emails": "ada"}, "“ada” is no email address."),
        ({"emails": "ada@h.test, <script>alert(1)</script>"}, "is no email address."),
        ({"emails": "a@h.test\x00"}, "Null characters are not allowed."),
        ({"emails": f"{'a' * 300}@h.test"}, "is no email address."),
        ({"emails": "\n".join(f"p{n}@h.test" for n in range(51))}, "at most 50 people"),
        ({"emails": "x" * 20_000}, "at most 15000 characters"),
        ({"emails": "a@h.test, b@h.test", "name": "Ada"}, "Leave the name empty"),
        ({"emails": "a@h.test", "name": "x" * 151}, "at most 150 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_invited(location, admin, signed_in, values, said):
    response = signed_in(admin).post(community(location, "invite"), values)

    assert said in words(response).replace("&quot;", '"')
    assert "<script>alert" not in words(response)
    assert not Invitation.objects.exists()


def test_who_is_a_member_or_invited_already_is_named(location, admin, mia, invited, signed_in):
    invited()

    response = signed_in(admin).post(
        community(location, "invite"), {"emails": "ada@h.test, mia@h.test, new@h.test"}
    )

    assert "ada@h.test is invited already" in words(response)
    assert "mia@h.test is a member already." in words(response)
    assert Invitation.objects.count() == 1


def test_a_form_from_the_dialog_leaves_the_page(location, admin, signed_in):
    response = signed_in(admin).post(
        community(location, "invite"), {"emails": "ada@h.test"}, headers={"HX-Request": "true"}
    )

    assert response["HX-Redirect"] == community(location)


@pytest.mark.parametrize("action", ["resend_invitation", "revoke_invitation", "invitation_link"])
def test_actions_belong_to_admins_of_the_location(location, staff, signed_in, invited, action):
    invitation, _path = invited()
    stranger = CustomerFactory(member__location=location).member.user
    elsewhere = LocationFactory()

    for user in (staff, stranger):
        response = signed_in(user).post(community(location, action, invitation.pk))
        assert response.status_code == 403

    other_admin = RoleFactory(location=elsewhere).user
    response = signed_in(other_admin).post(community(elsewhere, action, invitation.pk))
    assert response.status_code == 404


def test_staff_see_the_invited_without_actions(location, staff, signed_in, invited):
    invited()

    page = words(signed_in(staff).get(community(location)))

    assert "ada@h.test" in page
    assert "Copy link" not in page
    assert "Invite members" not in page


def test_many_invited_have_pages_and_ask_no_more_of_the_database(
    location, admin, signed_in, invited, django_assert_max_num_queries
):
    for number in range(30):
        invited(email=f"p{number}@h.test")

    page = words(signed_in(admin).get(community(location)))
    assert "All 30 invitations" in page
    assert page.count("Send again<") == 3
    with django_assert_max_num_queries(12):
        page = words(signed_in(admin).get(community(location, "invitations")))
    assert page.count("Send again<") == 25
    assert "1–25 of 30" in page


def test_the_state_invited_leads_to_the_invitations(location, admin, signed_in):
    response = signed_in(admin).get(community(location), {"state": "invited"})

    assert response.url == community(location, "invitations")


def test_the_mail_says_who_invites_where_and_until_when(location, admin, invited):
    invitation, path = invited(name="Ada <b>Okafor</b>")

    send_invitation(location_id=location.pk, invitation_id=invitation.pk)

    (message,) = mail.outbox
    assert message.to == ["ada@h.test"]
    assert message.subject == "Harbour Loft invites you"
    assert "Nora Lind invites you to become a member of Harbour Loft." in message.body
    assert path in message.body
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    assert "Ada &lt;b&gt;Okafor" in html
    invitation.refresh_from_db()
    assert invitation.sent_at


@pytest.mark.parametrize("kind", ["staff", "admin"])
def test_the_team_has_words_of_its_own(location, invited, kind):
    invitation, path = invited(kind=kind)

    send_invitation(location_id=location.pk, invitation_id=invitation.pk)

    assert path in mail.outbox[0].body


def test_a_location_name_cannot_add_a_header(location, invited):
    location.name = "Loft\nBcc: all@h.test"
    location.save()
    invitation, _path = invited()

    send_invitation(location_id=location.pk, invitation_id=invitation.pk)

    assert mail.outbox[0].subject == "Loft Bcc: all@h.test invites you"


def test_when_the_mail_server_fails_the_page_says_so_and_the_sweeper_tries_again(
    location, admin, signed_in, invited
):
    invitation, path = invited(at=now() - timedelta(minutes=1))

    with patch(
        "django.core.mail.backends.locmem.EmailBackend.send_messages",
        side_effect=SMTPServerDisconnected("gone"),
    ):
        send_invitation(location_id=location.pk, invitation_id=invitation.pk)

    page = words(signed_in(admin).get(community(location)))
    assert "The email hasn't gone out." in page.replace("&#x27;", "'")
    assert "Copy link" in page

    sweep_invitations()

    assert path in mail.outbox[0].body
    page = words(signed_in(admin).get(community(location)))
    assert "hasn&#x27;t gone out" not in page


def test_a_revoked_invitation_is_not_mailed(location, admin, invited):
    invitation, _path = invited()
    revoke_invitation(invitation=invitation, by=admin, at=now())

    send_invitation(location_id=location.pk, invitation_id=invitation.pk)

    assert mail.outbox == []


def test_a_link_is_copied_by_script_or_shown(location, admin, signed_in, invited, client, ada):
    invitation, path = invited()
    address = community(location, "invitation_link", invitation.pk)

    shown = words(signed_in(admin).post(address))
    copied = signed_in(admin).post(address, headers={"Accept": "application/json"}).json()["text"]

    assert f'value="{copied}"' in shown
    assert path not in copied
    response = signed_in(ada).get(copied.removeprefix("http://127.0.0.1:8000"))
    assert "Accept" in words(response)


def test_an_expired_link_is_not_copied(location, admin, signed_in, invited):
    invitation, _path = invited(at=now() - timedelta(days=15))

    page = words(signed_in(admin).get(community(location)))
    response = signed_in(admin).post(
        community(location, "invitation_link", invitation.pk), follow=True
    )

    assert "Expired" in page
    assert "Copy link<" not in page
    assert "This invitation has expired." in words(response)


def test_revoking_and_sending_again_say_what_happened(location, admin, signed_in, invited):
    invitation, path = invited()

    response = signed_in(admin).post(
        community(location, "resend_invitation", invitation.pk), follow=True
    )
    assert "The earlier link stops working." in words(response)
    assert signed_in(admin).get(path).status_code == 404

    response = signed_in(admin).post(
        community(location, "revoke_invitation", invitation.pk), follow=True
    )
    assert "is taken back" in words(response)


def test_the_link_asks_strangers_to_sign_in_or_up(client, location, invited):
    _invitation, path = invited()

    page = words(client.get(path))

    assert "Become a member of Harbour Loft" in page
    assert "Nora Lind invites ada@h.test." in page
    assert f"/accounts/signup/?next={path}" in page
    assert f"/accounts/login/?next={path}" in page


def test_an_existing_user_just_accepts(location, invited, ada, signed_in):
    _invitation, path = invited()

    assert "Accept" in words(signed_in(ada).get(path))
    response = signed_in(ada).post(path, follow=True)

    assert response.redirect_chain[-1][0] == f"/{location.slug}/"
    assert "Welcome to Harbour Loft." in words(response)
    assert Member.objects.get(user=ada).state == "active"


def test_under_another_address_the_page_says_so_and_nothing_happens(invited, outsider, signed_in):
    _invitation, path = invited()

    for response in (signed_in(outsider).get(path), signed_in(outsider).post(path)):
        assert "the invitation is for ada@h.test" in words(response)
        assert "Use another account" in words(response)
    assert not Member.objects.exists()


def test_signing_out_there_leads_back_to_the_invitation(invited, outsider, signed_in):
    _invitation, path = invited()

    response = signed_in(outsider).post(reverse("account_logout"), {"next": path})

    assert response.url == path


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("token", ["x", "a" * 64, "é" * 500, "<script>"])
def test_garbage_says_that_the_link_is_not_known(signed_in, ada, method, token):
    response = getattr(signed_in(ada), method)(f"/invitations/{token}/")

    assert response.status_code == 404
    assert "replaced it" in words(response)


def test_used_expired_and_revoked_say_which(location, admin, invited, ada, signed_in, client):
    _invitation, used = invited()
    signed_in(ada).post(used)
    _invitation, expired = invited(email="b@h.test", at=now() - timedelta(days=15))
    invitation, revoked = invited(email="c@h.test")
    revoke_invitation(invitation=invitation, by=admin, at=now())

    client.logout()
    for path, said in ((used, "used already"), (expired, "expired"), (revoked, "taken back")):
        response = client.get(path)
        assert response.status_code == 410
        assert said in words(response)


def test_a_post_without_signing_in_does_nothing(client, invited):
    _invitation, path = invited()

    client.post(path)

    assert not Member.objects.exists()


def test_the_page_is_not_kept_by_caches(client, invited):
    _invitation, path = invited()

    assert "no-store" in client.get(path)["Cache-Control"]


def test_the_chooser_leads_to_an_open_invitation(location, invited, ada, signed_in):
    invited()

    page = words(signed_in(ada).get("/"))
    (path,) = re.findall(r'href="(/invitations/[^"]+)"', page)

    assert "Accept" in words(signed_in(ada).get(path))


def test_only_a_mailed_link_stands_for_the_mailbox(client, location, invited):
    invitation, mailed = invited()
    copied = reverse("invitation", args=[copy_token(invitation=invitation, at=now())])
    values = {"name": "Ada", "email": "ada@h.test", "password1": "a-long-passphrase"}

    client.post(reverse("account_signup"), {**values, "next": copied})
    assert "_auth_user_id" not in client.session
    assert "Confirm" in mail.outbox[-1].subject
    UserFactory._meta.model.objects.filter(email="ada@h.test").delete()

    response = client.post(reverse("account_signup"), {**values, "next": mailed})
    assert response.url == mailed
    assert "_auth_user_id" in client.session
