import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django_scopes import scope

from billing.services import issue_bill
from community.models import Location, Member
from community.money import format_money
from membership.models import JoinRequest
from membership.services.bill_payment import mark_bill_paid
from membership.services.instant import buy_on_bill
from membership.services.transfers import confirm_transfer
from payments.models import GatewayEvent
from tests.factories import (
    NOON,
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    LocationFactory,
    MemberFactory,
    OptionFactory,
    RoleFactory,
    TransferAccountFactory,
    UserFactory,
    awaited_transfer,
    pending_purchase,
)
from tests.membership.office import Office, give_plan, order_of
from tests.membership.tab import bill_of, buy_by_bill, credits_come, plan_with_bill, received

DAY_BEFORE = NOON - timedelta(days=1)


@pytest.fixture
def page(location):
    return reverse("community:home", args=[location.slug])


def words(response):
    return response.content.decode()


def test_a_member_sees_their_balance_and_what_lapses_next(page, mia, add_credits, signed_in):
    add_credits(mia, "8", lapses_at=datetime(2026, 12, 14, 12, tzinfo=UTC))

    with time_machine.travel(NOON):
        response = signed_in(mia.user).get(page)

    assert "Good afternoon, Mia" in words(response)
    assert "Sunday, 22 November" in words(response)
    assert 'data-testid="balance">8</span>' in words(response)
    assert "8 lapse on 14 Dec. They are spent first." in words(response)
    assert "Sold today" not in words(response)


def test_one_credit_is_one_credit(page, mia, add_credits, signed_in):
    add_credits(mia, "1", lapses_at=datetime(2026, 12, 14, 12, tzinfo=UTC))

    with time_machine.travel(NOON):
        said = words(signed_in(mia.user).get(page))

    assert 'aria-label="1 credit, your balance"' in said
    assert '1</span><span class="text-lg font-medium">credit</span>' in said
    assert "1 lapses on 14 Dec. It is spent first." in said


def test_a_suspended_member_reads_that_they_cannot_buy(page, mia, signed_in):
    Member.objects.update(state=Member.State.SUSPENDED)

    response = signed_in(mia.user).get(page)

    assert "Your membership is suspended." in words(response)
    assert ">Buy credits</a>" not in words(response)


def test_an_admin_sees_what_was_sold_since_local_midnight(page, admin, mia, buy, signed_in):
    buy(mia, at=datetime(2026, 11, 21, 22, 59, tzinfo=UTC))  # 23:59 the day before in Berlin
    today = buy(mia, at=datetime(2026, 11, 21, 23, 1, tzinfo=UTC))
    buy(mia, reference="card_declined")

    with time_machine.travel(NOON):
        response = signed_in(admin).get(page)

    sold = response.context["sold"]
    assert (sold.purchases, sold.total_minor) == (1, today.total_minor)
    assert f"Stripe {format_money(today.total_minor, 'EUR')}</p>" in words(response)
    assert len(response.context["latest"]) == 2
    assert "Today, 00:01" in words(response)
    assert "21 Nov, 23:59" in words(response)


def test_what_went_on_the_bill_is_sold_when_it_is_written(
    page, location, admin, mia, buy, signed_in
):
    credits_come(location, "when_paid")
    plan_with_bill(mia.customer, at=DAY_BEFORE)
    buy_by_bill(mia, at=DAY_BEFORE)
    buy_by_bill(mia)
    bill = issue_bill(bill_id=bill_of(mia.customer).pk, at=NOON)
    with time_machine.travel(NOON):
        browser = signed_in(admin)
        before = browser.get(page)
        mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=NOON)
        after = browser.get(page)

    for response in (before, after):
        assert (response.context["sold"].purchases, response.context["sold"].credits) == (1, 10)
        assert "Bill €12.00" in words(response)


def test_what_a_transfer_brought_is_said_to_come_by_transfer(
    page, location, admin, mia, buy, signed_in
):
    option = OptionFactory(location=location)
    buy(mia, option=option)
    moved = awaited_transfer(mia, option=option)
    confirm_transfer(
        charge_id=moved.charge_id, amount_minor=1200, received_on=NOON.date(), by=admin, at=NOON
    )
    browser = signed_in(admin)

    with time_machine.travel(NOON):
        home = words(browser.get(page))
    bought = words(browser.get(reverse("community:purchase", args=[location.slug, moved.key])))

    assert "Bank transfer €12.00 · Stripe €12.00" in home
    assert re.search(r"<dt>Method</dt><dd[^>]*>Bank transfer</dd>", bought)


def test_a_purchase_for_a_company_leads_to_the_purchase(page, location, admin, signed_in):
    office = Office(location)
    give_plan(office.customer, bill="managers")
    option = OptionFactory(location=location)
    bought = buy_on_bill(
        order=order_of(office.carl, company=office.company, option=option), at=NOON
    )

    response = signed_in(admin).get(page)

    target = reverse("community:purchase", args=[location.slug, bought.key])
    assert f'href="{target}">Carl Berg</a>' in words(response)
    assert "Studio North ·" in words(response)
    assert reverse("community:member_payments", args=[location.slug, office.carl.pk]) not in (
        words(response)
    )


@pytest.mark.parametrize("kept", ["locmem", "filebased"])
def test_admins_read_that_mails_reach_nobody(page, admin, mia, signed_in, settings, kept):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{kept}.EmailBackend"

    assert ("Email is not set up" in words(signed_in(admin).get(page))) == (kept == "filebased")
    assert "Email is not set up" not in words(signed_in(mia.user).get(page))


def test_sales_of_other_locations_are_not_counted(page, admin, mia, buy, signed_in):
    other = RoleFactory().user
    buy(mia)

    with time_machine.travel(NOON):
        response = signed_in(other).get(page)

    assert response.status_code == 403
    assert "Sold today" not in words(response)


def test_an_admin_who_is_a_member_sees_both(page, location, admin, signed_in):
    CustomerFactory(member__location=location, member__user=admin)

    response = signed_in(admin).get(page)

    assert "Sold today" in words(response)
    assert "Your credits" in words(response)


def test_home_asks_no_more_of_the_database_for_more_sales(
    page, admin, mia, buy, signed_in, django_assert_max_num_queries
):
    browser = signed_in(admin)
    for _ in range(3):
        buy(mia)
    with time_machine.travel(NOON + timedelta(hours=1)):
        browser.get(page)
        with django_assert_max_num_queries(19) as few:
            browser.get(page)
        for _ in range(27):
            buy(mia)

        with django_assert_max_num_queries(len(few)):
            response = browser.get(page)

    assert response.context["sold"].purchases == 30


def step_titles(response, *, done):
    return [step.title for step in response.context["setup"].steps if step.done is done]


def test_a_new_locations_admin_sees_what_to_set_up(page, admin, location, signed_in, settings):
    settings.STRIPE_STANDIN_URL = "http://127.0.0.1:1"

    response = signed_in(admin).get(page)

    assert "2 of 6 done" in words(response)
    assert '<rect width="200" height="8"/>' in words(response)
    assert step_titles(response, done=True) == ["Name, currency and time zone", "Tax"]
    assert "VAT 20 %, added to prices" in words(response)
    assert "The page has demo keys: no real money moves." in words(response)
    assert f"/{location.slug}/settings/stripe/" in words(response)


def test_each_step_ticks_itself_and_the_list_goes_when_all_are_done(
    page, admin, location, signed_in
):
    browser = signed_in(admin)
    Location.objects.update(legal_name="Harbour Loft GmbH", address="Quay 1")
    assert "Legal name and address" in step_titles(browser.get(page), done=True)
    OptionFactory(location=location)
    assert "Credit options" in step_titles(browser.get(page), done=True)
    TransferAccountFactory(location=location)
    assert "Connect Stripe" in step_titles(browser.get(page), done=False)
    ConnectionFactory(location=location)
    assert "Connect Stripe" in step_titles(browser.get(page), done=True)
    assert "Set up Harbour Loft" in words(browser.get(page))

    MemberFactory(location=location)

    assert "Set up Harbour Loft" not in words(browser.get(page))


def test_an_admin_who_became_a_member_has_invited_nobody_yet(page, admin, location, signed_in):
    CustomerFactory(member__location=location, member__user=admin)

    assert "Invite your first members" in step_titles(signed_in(admin).get(page), done=False)


def test_staff_see_sales_without_the_set_up_list(page, staff, signed_in):
    response = signed_in(staff).get(page)

    assert "Sold today" in words(response)
    assert "Set up Harbour Loft" not in words(response)


def test_what_needs_a_human_is_named(page, admin, location, mia, signed_in):
    JoinRequest.objects.create(
        location=location, user=UserFactory(name="Tomas Reyes"), created_at=NOON
    )
    card = CardFactory(customer=mia.customer, connection__location=location)
    event = {"location": location, "connection": card.connection, "kind": "x", "payload": {}}
    GatewayEvent.objects.create(**event, reference="evt_1", received_at=NOON)
    GatewayEvent.objects.create(**event, reference="evt_2", received_at=NOON, processed_at=NOON)
    purchase = pending_purchase(card=card)
    browser = signed_in(admin)

    with time_machine.travel(NOON + timedelta(minutes=14)):
        soon = browser.get(page)
    with time_machine.travel(NOON + timedelta(minutes=61)):
        later = browser.get(page)

    assert [need.title for need in soon.context["needs"]] == ["Tomas Reyes asks to join"]
    assert "Mia Holm isn&#x27;t confirmed yet" in words(later)
    assert reverse("community:purchase", args=[location.slug, purchase.key]) in words(later)
    assert "1 message of the payment service fits no payment" in words(later)
    assert "Today, 13:00" in words(later)


def test_staff_are_not_asked_to_answer_requests(page, staff, location, signed_in):
    JoinRequest.objects.create(location=location, user=UserFactory(), created_at=NOON)

    assert signed_in(staff).get(page).context["needs"] == []


def test_needs_of_another_location_stay_there(page, admin, signed_in):
    elsewhere = LocationFactory()
    with scope(location=elsewhere):
        JoinRequest.objects.create(location=elsewhere, user=UserFactory(), created_at=NOON)

    assert signed_in(admin).get(page).context["needs"] == []


def test_a_member_sees_a_purchase_that_is_not_confirmed_yet(page, location, mia, signed_in):
    card = CardFactory(customer=mia.customer, connection__location=location)
    pending_purchase(card=card)

    response = signed_in(mia.user).get(page)

    assert "10 credits for" in words(response)
    assert "you don't need to pay again" in words(response)


def test_an_overdue_bill_is_there_for_whoever_pays_it_and_for_those_who_work_here(
    page, location, mia, admin, signed_in
):
    office = Office(location)
    for customer in (mia.customer, office.customer):
        give_plan(customer, bill="managers", price_minor=5000)
        issue_bill(bill_id=bill_of(customer).pk, at=NOON)
    late = NOON + timedelta(days=15)

    with time_machine.travel(late):
        carls = words(signed_in(office.carl.user).get(page))
        coras = words(signed_in(office.cora.user).get(page))
        admins = words(signed_in(admin).get(page))

    assert "of €60.00 was due on 6 Dec." in carls
    assert "It is for Studio North." in carls
    assert "was due on" not in coras
    assert "2 bills are overdue" in admins
    assert "€120.00" in admins
    with time_machine.travel(NOON + timedelta(days=14)):  # the last day to pay
        assert "was due on" not in words(signed_in(office.carl.user).get(page))
