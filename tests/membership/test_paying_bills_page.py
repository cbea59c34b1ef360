"""Membership > Bills > Pay, Auto-pay, and the list of what staff must look at."""

from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.services import issue_bill
from community.models import Company, CompanyMember, Customer, Member
from membership.services.bill_payment import mark_bill_paid
from payments.models import AutoPay, Card, ReviewCase, Transaction
from tests.community.settings_pages import words
from tests.factories import NOON, CardFactory, ConnectionFactory, CustomerFactory
from tests.membership.tab import LATER, plan_with_bill, received

pytestmark = pytest.mark.django_db
SCRIPT = {"Accept": "application/json"}


def address(location, name, *ids, app="membership"):
    return reverse(f"{app}:{name}", args=[location.slug, *ids])


@pytest.fixture
def till(location, fake_gateway):
    return ConnectionFactory(location=location)


@pytest.fixture
def bill(location, mia):
    return issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)


@pytest.fixture
def card(mia, till):
    return CardFactory(customer=mia.customer, connection=till)


def order(bill, card):
    chosen = card.pk if card else "new"
    return {"to_pay": bill.to_pay_minor, "method": "card", "card": chosen}


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_a_saved_card_pays_and_the_bill_says_so(location, mia, bill, card, signed_in):
    browser = signed_in(mia.user)
    pay = address(location, "pay_bill", bill.pk)

    assert pay in browser.get(address(location, "bills")).content.decode()
    assert "Pay €72.00" in words(browser.get(pay))
    response = browser.post(pay, order(bill, card), follow=True)

    assert response.request["PATH_INFO"] == address(location, "bill", bill.pk)
    assert said(response) == [f"Bill {bill.number} is paid: €72.00."]
    assert "Pay €72.00" not in words(response)
    assert browser.get(pay, follow=True).request["PATH_INFO"].endswith(f"/bills/{bill.pk}/")
    payments = words(browser.get(address(location, "payments")))
    assert f"Bill {bill.number}" in payments


def test_a_declined_card_says_why_and_offers_a_new_one(location, mia, bill, card, signed_in):
    Card.objects.filter(pk=card.pk).update(reference="declined")

    page = signed_in(mia.user).post(
        address(location, "pay_bill", bill.pk), order(bill, card), follow=True
    )

    assert "was declined: not enough funds" in words(page)
    assert page.context["chosen_card"] is None


def test_a_new_card_is_entered_by_the_script_and_then_charged(
    location, mia, bill, till, fake_gateway, signed_in
):
    browser = signed_in(mia.user)
    pay = address(location, "pay_bill", bill.pk)

    setup = browser.post(pay, order(bill, None), headers=SCRIPT).json()
    assert setup["state"] == "setup"
    done = browser.post(setup["confirm_url"], {"outcome": "ok"}, headers=SCRIPT).json()

    assert (done["state"], done["url"]) == ("done", setup["url"])
    bill.refresh_from_db()
    assert bill.state == "paid"


def test_while_it_is_checked_there_is_no_second_pay_button(
    location, mia, bill, card, fake_gateway, signed_in
):
    Card.objects.filter(pk=card.pk).update(reference="lost_answer")
    browser = signed_in(mia.user)

    pending = browser.post(address(location, "pay_bill", bill.pk), order(bill, card), follow=True)

    assert "We are checking with your bank" in words(pending)
    page = words(browser.get(address(location, "bill", bill.pk)))
    assert "A payment of this bill is being checked" in page
    assert "Pay €72.00" not in page
    again = browser.get(address(location, "pay_bill", bill.pk))
    assert again["Location"] == pending.request["PATH_INFO"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"card": "999999"}, "be used any more"),
        ({"card": "abc"}, "be used any more"),
        ({"to_pay": "7199"}, "changed meanwhile"),
        ({"to_pay": "x"}, "changed meanwhile"),
        ({"card": "new"}, "needs JavaScript"),
    ],
)
def test_an_order_that_is_none_charges_nothing(
    change, says, location, mia, bill, card, fake_gateway, signed_in
):
    page = signed_in(mia.user).post(
        address(location, "pay_bill", bill.pk), order(bill, card) | change, follow=True
    )

    assert says in words(page)
    assert fake_gateway.charges == {}


def test_without_a_gateway_the_page_says_how_to_pay(location, mia, bill, signed_in):
    browser = signed_in(mia.user)

    assert "Pay €72.00" not in words(browser.get(address(location, "bill", bill.pk)))
    page = words(browser.get(address(location, "pay_bill", bill.pk)))
    assert "can't be paid online at the moment" in page


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_who_may_not_buy_any_more_still_pays(state, location, mia, bill, card, signed_in):
    Member.objects.filter(pk=mia.pk).update(state=state)

    signed_in(mia.user).post(address(location, "pay_bill", bill.pk), order(bill, card))

    bill.refresh_from_db()
    assert bill.state == "paid"


def test_managers_pay_their_company_s_bills_and_members_do_not(location, mia, till, signed_in):
    company = Company.objects.create(location=location, name="Studio North", created_at=NOON)
    customer = Customer.objects.create(location=location, company=company)
    place = CompanyMember.objects.create(
        location=location, company=company, member=mia, role="manager", joined_at=NOON
    )
    bill = issue_bill(bill_id=plan_with_bill(customer).pk, at=NOON)
    pay = address(location, "pay_bill", bill.pk)
    browser = signed_in(mia.user)

    assert browser.get(pay).status_code == 200
    other = CustomerFactory(member__location=location).member
    CompanyMember.objects.create(
        location=location, company=company, member=other, role="manager", joined_at=NOON
    )
    CompanyMember.objects.filter(pk=place.pk).update(role="member")
    assert browser.get(pay).status_code == 403
    assert browser.post(pay, order(bill, None)).status_code == 403


def test_auto_pay_is_chosen_and_given_up(location, mia, card, signed_in):
    browser = signed_in(mia.user)
    choose = address(location, "auto_pay")

    response = browser.post(choose, {"card": card.pk}, follow=True)
    assert said(response) == ["Saved. Bills are paid with Visa •••• 4242 as they are issued."]
    assert response.context["auto_pay"].card == card
    for wrong in ("0", "abc", str(2**70)):
        assert "can't be used" in said(browser.post(choose, {"card": wrong}, follow=True))[-1]
    assert AutoPay.objects.get().card == card

    browser.post(choose, {})
    assert AutoPay.objects.get().card == card
    browser.post(choose, {"card": ""})
    assert not AutoPay.objects.exists()


def surplus(location, customer, bill):
    charge = Transaction.objects.create(
        location=location,
        customer=customer,
        connection=location.gatewayconnection_set.get(),
        bill=bill,
        amount_minor=7200,
        currency="EUR",
        key=uuid4(),
        state="succeeded",
        is_surplus=True,
        reference=f"pi_{uuid4()}",
        made_by=customer.member.user,
        created_at=NOON,
        settled_at=NOON,
    )
    return ReviewCase.objects.create(
        location=location, charge=charge, reason="surplus", noticed_at=NOON
    )


def test_staff_see_what_is_to_review_and_admins_close_it(
    location, mia, bill, till, admin, staff, signed_in
):
    mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=LATER)
    case = surplus(location, mia.customer, bill)
    home, bills, reviews = (
        address(location, name, app="community") for name in ("home", "bills", "reviews")
    )

    browser = signed_in(staff)
    assert "1 payment to review" in words(browser.get(home))
    assert "1 payment to review" in words(browser.get(bills))
    assert f"Bill {bill.number}" in words(browser.get(reviews))

    browser = signed_in(admin)
    close = address(location, "close_review", case.pk, app="community")
    assert "Say what was done." in words(browser.post(close, {"note": "  "}))
    browser.post(close, {"note": "Paid back"})
    assert said(browser.post(close, {"note": "Again"}, follow=True))[-1].startswith("Somebody")
    for page in (home, bills):
        assert "to review" not in words(browser.get(page)).replace("To review", "")
    assert "Paid back" in words(browser.get(reviews))


def test_more_cases_ask_no_more_of_the_database(location, mia, bill, till, staff, signed_in):
    browser = signed_in(staff)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            browser.get(address(location, "reviews", app="community"))
        return len(seen)

    surplus(location, mia.customer, bill)
    before = queries()
    for _ in range(5):
        surplus(location, mia.customer, bill)
    assert queries() == before
