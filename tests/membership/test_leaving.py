from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from community.models import AuditRecord, Customer, Member, Role
from credits.models import Wallet
from membership.models import Purchase
from membership.services.joining import (
    NotInThatState,
    admit_member,
    reactivate_member,
    suspend_member,
)
from membership.services.leaving import leave_location, remove_member
from membership.services.paying import pay_charge, refresh_charge
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import quote_option
from membership.services.refusals import NotAnActiveMember
from notifications.tasks import send_notifications
from payments.models import Card
from tests.factories import (
    NOON,
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    OptionFactory,
    RoleFactory,
    pending_purchase,
)
from tests.membership.tab import plan_with_bill
from tests.racing import errors, race


def words(response):
    return response.content.decode().replace("&#x27;", "'")


def at(location, name, *args):
    return reverse(name, args=[location.slug, *args])


def state(member):
    return Member.objects.get(pk=member.pk).state


@pytest.fixture
def card(location, mia, fake_gateway):
    return CardFactory(customer=mia.customer, connection=ConnectionFactory(location=location))


def test_leaving_keeps_credits_and_returning_brings_them_back(location, mia, admin, add_credits):
    add_credits(mia, "42")

    leave_location(member=mia, at=NOON)
    assert state(mia) == "left"
    assert Wallet.objects.get().balance == 42

    admit_member(location=location, user=mia.user, by=admin, at=NOON)
    assert state(mia) == "active"
    assert Customer.objects.count() == 1
    assert Wallet.objects.get().balance == 42


def test_every_change_is_on_record_with_its_reason(mia, admin):
    suspend_member(member=mia, by=admin, reason="Unpaid", at=NOON)
    reactivate_member(member=mia, by=admin, at=NOON)
    remove_member(member=mia, by=admin, reason="Moved away", at=NOON)

    records = AuditRecord.objects.order_by("pk").values_list("action", "reason", "user__name")
    assert list(records) == [
        ("member suspended", "Unpaid", "Nora Lind"),
        ("member active", "", "Nora Lind"),
        ("member removed", "Moved away", "Nora Lind"),
    ]
    kinds = mia.user.notifications.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["member_suspended", "member_reactivated", "member_removed"]


@pytest.mark.parametrize("before", ["active", "suspended"])
def test_removing_ends_any_membership_once(mia, admin, before):
    Member.objects.update(state=before)
    remove_member(member=mia, by=admin, reason="x", at=NOON)

    with pytest.raises(NotInThatState):
        remove_member(member=mia, by=admin, reason="x", at=NOON)
    with pytest.raises(NotInThatState):
        leave_location(member=mia, at=NOON)
    with pytest.raises(NotInThatState):
        suspend_member(member=mia, by=admin, reason="x", at=NOON)
    with pytest.raises(NotInThatState):
        reactivate_member(member=mia, by=admin, at=NOON)


def test_a_purchase_under_way_settles_after_leaving(mia, card):
    card.reference = "card_lost_answer"
    card.save()
    purchase = pending_purchase(card=card)
    pay_charge(charge=purchase.charge, at=NOON)
    leave_location(member=mia, at=NOON)
    Card.objects.update(reference="card_ok")

    refresh_charge(charge=Purchase.objects.get().charge, at=NOON + timedelta(minutes=2))

    assert Purchase.objects.get().state == "completed"
    assert Wallet.objects.get().balance == 10


@pytest.mark.django_db(transaction=True)
def test_suspending_and_buying_at_once_is_one_before_the_other(location, mia, admin, card):
    option = OptionFactory(location=location)
    seen = quote_option(option, location)

    def buy():
        return start_purchase(
            member=mia,
            option_id=option.pk,
            order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
            seen=seen,
            key=uuid4(),
            at=NOON,
        )

    for _round in range(4):
        answers = race(
            location,
            [buy, lambda: suspend_member(member=mia, by=admin, reason="x", at=NOON), buy],
        )

        assert {type(error) for error in errors(answers)} <= {NotAnActiveMember}
        assert isinstance(answers[1], Member)
        with pytest.raises(NotAnActiveMember):
            buy()
        for purchase in Purchase.objects.filter(state="pending"):
            # What was started before is refused before it is charged.
            with pytest.raises(NotAnActiveMember):
                pay_charge(charge=purchase.charge, at=NOON)
        reactivate_member(member=mia, by=admin, at=NOON)

    assert not Purchase.objects.filter(state="completed").exists()


def test_an_admin_suspends_with_a_reason_and_reactivates(location, admin, mia, signed_in):
    client = signed_in(admin)
    page = words(client.get(at(location, "community:member", mia.pk)))
    assert "Suspend Mia Holm?" in page
    assert f'href="{at(location, "community:remove_member", mia.pk)}"' in page

    response = client.post(
        at(location, "community:suspend_member", mia.pk), {"reason": "Unpaid"}, follow=True
    )
    assert "The membership is suspended." in words(response)
    assert "Reactivate" in words(response)
    assert state(mia) == "suspended"

    response = client.post(at(location, "community:reactivate_member", mia.pk), follow=True)
    assert "The membership is active again." in words(response)
    assert state(mia) == "active"


@pytest.mark.parametrize("action", ["suspend_member", "remove_member"])
@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("x" * 201, "at most 200 characters"),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_without_a_good_reason_nothing_happens(
    location, admin, mia, signed_in, action, reason, said
):
    response = signed_in(admin).post(
        at(location, f"community:{action}", mia.pk), {"reason": reason}
    )

    assert said in words(response)
    assert state(mia) == "active"


def test_a_second_click_says_that_it_is_done(location, admin, mia, signed_in):
    client = signed_in(admin)
    for _click in range(2):
        response = client.post(
            at(location, "community:remove_member", mia.pk), {"reason": "Moved"}, follow=True
        )

    assert "in another state by now" in words(response)
    assert AuditRecord.objects.filter(action="member removed").count() == 1


@pytest.mark.parametrize("with_plan", [True, False])
def test_both_ways_out_say_what_becomes_of_plan_and_bill(
    location, admin, mia, signed_in, with_plan
):
    if with_plan:
        plan_with_bill(mia.customer, at=timezone.now())

    leave = words(signed_in(mia.user).get(at(location, "membership:leave")))
    removal = words(signed_in(admin).get(at(location, "community:remove_member", mia.pk)))

    for page in (leave, removal):
        assert (f">Flex {mia.customer.pk}</strong> ends now, without proration." in page) == (
            with_plan
        )
        assert ("The open bill is issued now, over" in page) == with_plan
        assert ("€72.00" in page) == with_plan


@pytest.mark.parametrize("action", ["suspend_member", "reactivate_member", "remove_member"])
def test_only_admins_of_the_location_may(location, staff, mia, signed_in, action):
    for user in (staff, mia.user):
        response = signed_in(user).post(
            at(location, f"community:{action}", mia.pk), {"reason": "x"}
        )
        assert response.status_code == 403
    elsewhere = RoleFactory()
    response = signed_in(elsewhere.user).post(
        at(elsewhere.location, f"community:{action}", mia.pk), {"reason": "x"}
    )
    assert response.status_code == 404
    assert state(mia) == "active"


def test_staff_see_no_actions(location, staff, mia, signed_in):
    page = words(signed_in(staff).get(at(location, "community:member", mia.pk)))

    assert "Suspend" not in page
    assert "Remove" not in page


def test_a_member_leaves_and_keeps_a_page_with_receipts(location, mia, buy, signed_in):
    buy(mia)
    client = signed_in(mia.user)
    assert f"Leave {location.name}" in words(client.get(at(location, "community:home")))
    page = words(client.get(at(location, "membership:leave")))
    assert "10 credits" in page

    response = client.post(at(location, "membership:leave"), follow=True)

    receipt = mia.customer.receipts.get()
    assert response.redirect_chain[-1][0] == at(location, "community:former")
    assert receipt.number in words(response)
    assert "Your balance of 10 credits stays on record." in words(response)
    assert client.get(at(location, "membership:receipt", receipt.number)).status_code == 200
    assert AuditRecord.objects.filter(action="member left", user=mia.user).exists()


def test_all_else_is_closed_to_a_former_member_at_once(location, mia, buy, signed_in):
    buy(mia)
    option = OptionFactory(location=location, price_minor=5)
    client = signed_in(mia.user)
    leave_location(member=mia, at=NOON)

    closed = [
        at(location, "community:home"),
        at(location, "membership:credits"),
        at(location, "membership:payments"),
        at(location, "membership:leave"),
        at(location, "membership:checkout", option.pk),
        at(location, "notifications:list"),
    ]
    for address in closed:
        page = client.get(address)
        assert page.status_code == 403
        assert f"You aren't a member of {location.name} any more" in words(page)
        assert "Ask to join" in words(page)
    fragment = client.get(at(location, "notifications:menu"), headers={"HX-Request": "true"})
    assert fragment.status_code == 403
    assert fragment["HX-Refresh"] == "true"
    answer = client.post(
        at(location, "membership:checkout", option.pk), headers={"Accept": "application/json"}
    )
    assert answer.status_code == 403
    assert answer.json() == {"state": "refused", "url": at(location, "community:home")}
    assert Purchase.objects.count() == 1


def test_a_former_member_sees_no_receipts_of_others(location, mia, buy, signed_in):
    other = CustomerFactory(member__location=location).member
    buy(other)
    leave_location(member=mia, at=NOON)
    number = other.customer.receipts.get().number

    assert number not in words(signed_in(mia.user).get(at(location, "community:former")))
    assert signed_in(mia.user).get(at(location, "membership:receipt", number)).status_code == 404


def test_other_locations_stay_open(location, mia, signed_in):
    elsewhere = CustomerFactory(member__user=mia.user).member
    leave_location(member=mia, at=NOON)

    assert signed_in(mia.user).get(at(elsewhere.location, "community:home")).status_code == 200


def test_the_chooser_and_the_switch_list_former_places_apart(location, mia, signed_in):
    leave_location(member=mia, at=NOON)
    page = words(signed_in(mia.user).get("/"))
    assert "You were a member" in page
    assert at(location, "community:former") in page

    elsewhere = CustomerFactory(member__user=mia.user).member.location
    page = words(signed_in(mia.user).get(at(elsewhere, "community:home")))
    assert at(location, "community:former") in page


def test_the_former_page_is_for_former_members(location, mia, outsider, signed_in):
    address = at(location, "community:former")

    assert signed_in(mia.user).get(address).url == at(location, "community:home")
    assert signed_in(outsider).get(address).status_code == 403


def test_the_former_page_asks_no_more_of_the_database_for_more_receipts(
    location, mia, buy, signed_in, django_assert_max_num_queries
):
    for _number in range(6):
        buy(mia)
    leave_location(member=mia, at=NOON)

    client = signed_in(mia.user)
    with django_assert_max_num_queries(10):
        client.get(at(location, "community:former"))


def test_the_last_admin_leaves_as_a_member_and_keeps_the_role(location, mia, signed_in):
    Role.objects.create(user=mia.user, location=location, kind="admin")

    signed_in(mia.user).post(at(location, "membership:leave"))

    assert state(mia) == "left"
    assert signed_in(mia.user).get(at(location, "community:members")).status_code == 200
    assert signed_in(mia.user).get(at(location, "community:former")).status_code == 200


@pytest.mark.parametrize("who", ["admin", "staff"])
def test_the_team_becomes_a_member_by_a_click(location, signed_in, request, who):
    user = request.getfixturevalue(who)
    client = signed_in(user)
    assert "Become a member" in words(client.get(at(location, "community:home")))
    refused = client.get(at(location, "membership:credits"))
    assert refused.status_code == 403
    assert "Become a member" in words(refused)

    for _click in range(2):
        response = client.post(at(location, "community:become_member"), follow=True)

    assert response.status_code == 200
    assert "Become a member" not in words(client.get(at(location, "community:home")))
    assert AuditRecord.objects.get(action="member added").user == user


def test_strangers_and_members_do_not_let_themselves_in(location, mia, outsider, signed_in):
    suspend_member(member=mia, by=None, reason="x", at=NOON)

    for user in (mia.user, outsider):
        assert signed_in(user).post(at(location, "community:become_member")).status_code == 403
    assert state(mia) == "suspended"


def test_a_suspended_admin_does_not_reactivate_by_becoming_a_member(location, mia, signed_in):
    Role.objects.create(user=mia.user, location=location, kind="staff")
    suspend_member(member=mia, by=None, reason="x", at=NOON)

    signed_in(mia.user).post(at(location, "community:become_member"))

    assert state(mia) == "suspended"


def test_news_go_by_mail_with_the_reason(location, mia, admin):
    suspend_member(member=mia, by=admin, reason="Rent <unpaid>", at=NOON)
    reactivate_member(member=mia, by=admin, at=NOON)
    remove_member(member=mia, by=admin, reason="Rent <unpaid>", at=NOON)

    with time_machine.travel(NOON, tick=False):
        send_notifications()

    suspended, reactivated, removed = mail.outbox
    assert "The reason: Rent <unpaid>" in suspended.body
    assert "Rent &lt;unpaid&gt;" in removed.alternatives[0][0]
    assert "reason" not in reactivated.body


def test_the_member_reads_the_reason_under_the_bell(location, mia, admin, signed_in):
    suspend_member(member=mia, by=admin, reason="Rent <unpaid>", at=NOON)

    page = words(signed_in(mia.user).get(at(location, "notifications:list")))

    assert "Your membership is suspended" in page
    assert "Rent &lt;unpaid&gt;" in page
