from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils.timezone import now

from community.models import AuditRecord, Member
from membership.models import Invitation, JoinRequest
from membership.services.asking import (
    AlreadyAnswered,
    AskAgainLater,
    NothingToAsk,
    RequestWithdrawn,
    accept_request,
    ask_to_join,
    decline_request,
    withdraw_request,
)
from membership.services.invitations import invite
from membership.services.leaving import remove_member
from notifications.models import Notification
from notifications.tasks import send_notifications
from tests.factories import NOON, LocationFactory, RoleFactory, UserFactory
from tests.racing import errors, race

HOUR = timedelta(hours=1)


@pytest.fixture
def tomas(db):
    return UserFactory(name="Tomas Reyes", email="tomas@h.test")


@pytest.fixture
def asked(location, tomas):
    return ask_to_join(location=location, user=tomas, message="Desk by the window?", at=NOON)


def words(response):
    return response.content.decode().replace("&#x27;", "'")


def test_the_admins_are_told_and_the_staff_is_not(location, admin, staff, asked):
    told = Notification.objects.get()

    assert (told.user, told.kind) == (admin, "join_requested")
    assert told.facts == {"name": "Tomas Reyes"}


def test_asking_twice_is_asking_once(location, tomas, asked):
    again = ask_to_join(location=location, user=tomas, message="Hello?", at=NOON)

    assert again.pk == asked.pk
    assert JoinRequest.objects.get().message == "Desk by the window?"


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_members_have_nothing_to_ask(location, mia, state):
    Member.objects.update(state=state)

    with pytest.raises(NothingToAsk):
        ask_to_join(location=location, user=mia.user, message="", at=NOON)


def test_accepting_lets_in_and_tells(location, admin, tomas, asked):
    accept_request(request=asked, by=admin, at=NOON)

    assert Member.objects.get(user=tomas).state == "active"
    assert tomas.notifications.get().kind == "join_accepted"
    asked.refresh_from_db()
    assert (asked.state, asked.answered_by) == ("accepted", admin)
    assert AuditRecord.objects.filter(action="request accepted", user=admin).exists()


def test_accepting_settles_an_open_invitation_too(location, admin, tomas, asked):
    invite(location=location, email=tomas.email, kind="member", by=admin, at=NOON)

    accept_request(request=asked, by=admin, at=NOON)

    assert not Invitation.objects.open().exists()


def test_who_was_declined_may_ask_again_after_a_day(location, admin, tomas, asked):
    decline_request(request=asked, by=admin, at=NOON)
    assert tomas.notifications.get().kind == "join_declined"
    assert not Member.objects.exists()

    with pytest.raises(AskAgainLater):
        ask_to_join(location=location, user=tomas, message="", at=NOON + 23 * HOUR)
    ask_to_join(location=location, user=tomas, message="", at=NOON + 24 * HOUR)


def test_who_was_removed_may_ask_and_comes_back_to_all(location, admin, mia, add_credits):
    add_credits(mia, "5")
    remove_member(member=mia, by=admin, reason="Moved", at=NOON)
    request = ask_to_join(location=location, user=mia.user, message="", at=NOON)

    assert accept_request(request=request, by=admin, at=NOON).pk == mia.pk

    mia.refresh_from_db()
    assert mia.state == "active"
    assert mia.customer.wallet.balance == 5


def test_a_second_answer_names_the_first(location, admin, asked):
    accept_request(request=asked, by=admin, at=NOON)

    with pytest.raises(AlreadyAnswered) as refused:
        decline_request(request=asked, by=RoleFactory(location=location).user, at=NOON)

    assert refused.value.messages == ["Nora Lind accepted Tomas Reyes already."]


def test_a_request_can_be_withdrawn_until_it_is_answered(location, admin, tomas, asked):
    withdraw_request(location=location, user=tomas, at=NOON)
    withdraw_request(location=location, user=tomas, at=NOON)

    with pytest.raises(RequestWithdrawn):
        accept_request(request=asked, by=admin, at=NOON)
    later = ask_to_join(location=location, user=tomas, message="", at=NOON)
    accept_request(request=later, by=admin, at=NOON)
    with pytest.raises(AlreadyAnswered):
        withdraw_request(location=location, user=tomas, at=NOON)


def test_asking_and_withdrawing_again_and_again_rings_once_a_day(location, admin, tomas):
    for _time in range(3):
        ask_to_join(location=location, user=tomas, message="", at=NOON)
        withdraw_request(location=location, user=tomas, at=NOON)

    assert admin.notifications.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_admins_answer_one_request_once(location, admin, tomas, asked):
    other = RoleFactory(location=location).user

    answers = race(
        location,
        [
            lambda: accept_request(request=asked, by=admin, at=NOON),
            lambda: decline_request(request=asked, by=other, at=NOON),
            lambda: accept_request(request=asked, by=other, at=NOON),
        ],
    )

    assert [type(error) for error in errors(answers)] == [AlreadyAnswered] * 2
    asked.refresh_from_db()
    assert Member.objects.filter(user=tomas).exists() == (asked.state == "accepted")
    assert tomas.notifications.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_ask_once(location, tomas):
    answers = race(
        location,
        [lambda: ask_to_join(location=location, user=tomas, message="", at=NOON) for _ in range(5)],
    )

    assert errors(answers) == []
    assert JoinRequest.objects.count() == 1


def test_a_stranger_asks_waits_and_withdraws_on_the_page(location, tomas, signed_in):
    home = f"/{location.slug}/"
    client = signed_in(tomas)

    page = client.get(home)
    assert page.status_code == 403
    assert "Ask to join" in words(page)
    response = client.post(f"/join/{location.slug}/", {"message": "I work <b>here</b>."})
    assert response.url == home
    page = words(client.get(home))
    assert "You asked to join on" in page
    assert "I work &lt;b&gt;here&lt;/b&gt;." in page
    assert "Harbour Loft" in words(client.get("/"))

    response = client.post(f"/join/{location.slug}/withdraw/")
    assert response.url == home
    assert not JoinRequest.objects.exists()


@pytest.mark.parametrize(
    ("message", "said"),
    [("x" * 501, "at most 500 characters"), ("a\x00b", "Null characters are not allowed.")],
)
def test_a_wrong_message_is_refused_at_its_field(location, tomas, signed_in, message, said):
    response = signed_in(tomas).post(f"/join/{location.slug}/", {"message": message})

    assert response.status_code == 403
    assert said in words(response)
    assert not JoinRequest.objects.exists()


def test_asking_for_no_location_is_404_and_by_get_405(location, tomas, signed_in):
    assert signed_in(tomas).post("/join/nowhere/").status_code == 404
    assert signed_in(tomas).get(f"/join/{location.slug}/").status_code == 405


def test_strangers_who_are_signed_out_sign_in_first(location, client):
    response = client.post(f"/join/{location.slug}/")

    assert response.url.startswith("/accounts/login/")


def test_a_declined_stranger_reads_when_to_ask_again(location, admin, tomas, signed_in):
    request = ask_to_join(location=location, user=tomas, message="", at=now())
    decline_request(request=request, by=admin, at=now())

    page = words(signed_in(tomas).get(f"/{location.slug}/"))
    assert "The team declined your request" in page
    assert ">Ask to join<" not in page
    response = signed_in(tomas).post(f"/join/{location.slug}/", follow=True)
    assert "declined less than a day ago" in words(response)


def test_an_admin_accepts_on_the_members_page(location, admin, tomas, asked, signed_in):
    client = signed_in(admin)
    page = words(client.get(reverse("community:members", args=[location.slug])))
    assert "Tomas Reyes asks to join." in page
    assert "Desk by the window?" in page

    address = reverse("community:accept_request", args=[location.slug, asked.pk])
    assert "Tomas Reyes is a member now." in words(client.post(address, follow=True))
    assert "Nora Lind accepted Tomas Reyes already." in words(client.post(address, follow=True))
    assert signed_in(tomas).get(f"/{location.slug}/").status_code == 200


def test_an_admin_declines_on_the_members_page(location, admin, asked, signed_in):
    address = reverse("community:decline_request", args=[location.slug, asked.pk])

    assert "is declined." in words(signed_in(admin).post(address, follow=True))
    assert JoinRequest.objects.get().state == "declined"


@pytest.mark.parametrize("answer", ["accept_request", "decline_request"])
def test_only_admins_of_the_location_answer(location, staff, mia, asked, signed_in, answer):
    for user in (staff, mia.user):
        address = reverse(f"community:{answer}", args=[location.slug, asked.pk])
        assert signed_in(user).post(address).status_code == 403
    elsewhere = RoleFactory(location=LocationFactory())
    address = reverse(f"community:{answer}", args=[elsewhere.location.slug, asked.pk])
    assert signed_in(elsewhere.user).post(address).status_code == 404
    assert JoinRequest.objects.get().state == "open"


def test_staff_read_requests_without_buttons(location, staff, asked, signed_in):
    page = words(signed_in(staff).get(reverse("community:members", args=[location.slug])))

    assert "Tomas Reyes asks to join." in page
    assert "accept/" not in page


def test_many_requests_have_a_page_of_their_own(
    location, admin, signed_in, django_assert_max_num_queries
):
    for _number in range(30):
        ask_to_join(location=location, user=UserFactory(), message="", at=NOON)

    page = words(signed_in(admin).get(reverse("community:members", args=[location.slug])))
    assert page.count("asks to join.") == 3
    assert "All 30 requests to join" in page
    client = signed_in(admin)
    with django_assert_max_num_queries(8):
        page = words(client.get(reverse("community:join_requests", args=[location.slug])))
    assert page.count("asks to join.") == 25


def test_answers_go_by_mail_too(location, tomas, asked, admin):
    other = ask_to_join(location=location, user=UserFactory(), message="", at=NOON)
    accept_request(request=asked, by=admin, at=NOON)
    decline_request(request=other, by=admin, at=NOON)

    with time_machine.travel(NOON, tick=False):
        send_notifications()

    answers = [message for message in mail.outbox if admin.email not in message.to]
    assert {message.subject for message in answers} == {
        "You are a member of Harbour Loft",
        "Harbour Loft declined your request",
    }
    assert all(f"/{location.slug}/" in message.body for message in answers)


def test_the_notices_have_words(location, admin, mia, tomas, asked, signed_in):
    page = words(signed_in(admin).get(reverse("notifications:list", args=[location.slug])))

    assert "Tomas Reyes asks to join" in page
