"""Membership for a company: its credits, its checkout, its payments, as manager and as member."""

from decimal import Decimal

import pytest
from django.urls import reverse

from billing.models import BillItem
from community.models import CompanyMember
from credits.models import Entry, Wallet
from credits.services.granting import grant_credits
from membership.models import Purchase
from membership.services.companies import close_company, remove_from_company
from membership.services.instant import buy_on_bill
from payments.models import Card
from tests.factories import NOON, CardFactory, ConnectionFactory, OptionFactory
from tests.membership.office import Office, give_plan, order_of
from tests.membership.shop import JSON, ticket_on, words

COMPANY_CREDITS_QUERIES = 12


@pytest.fixture
def office(location, fake_gateway):
    return Office(location)


@pytest.fixture
def option(location):
    return OptionFactory(location=location)


@pytest.fixture
def till(location):
    return ConnectionFactory(location=location)


@pytest.fixture
def company_card(office, till):
    return CardFactory(customer=office.customer, connection=till, last4="7391")


@pytest.fixture
def carls(office, signed_in):
    """The manager's browser."""
    return signed_in(office.carl.user)


@pytest.fixture
def coras(office, signed_in):
    """The browser of a member without permission."""
    return signed_in(office.cora.user)


def at(office, page, *arguments):
    return reverse(f"membership:{page}", args=[office.location.slug, office.company.pk, *arguments])


def post(client, office, option, ticket, *, method, card="new"):
    return client.post(
        at(office, "company_checkout", option.pk),
        {"quote": ticket, "method": method, "card": str(card)},
        **JSON,
    ).json()


def see(client, office, option):
    return ticket_on(client.get(at(office, "company_checkout", option.pk)))


def test_a_manager_sees_the_company_s_balance_and_everything_in_it(office, option, till, carls):
    grant_credits(
        customer=office.customer,
        credits=Decimal(7),
        reason=Entry.Reason.GIVEN,
        key="g",
        note="Hi",
        at=NOON,
    )

    page = words(carls.get(at(office, "company_credits")))

    assert 'data-testid="balance">7<' in page
    assert "Personal" in page
    assert "Hi" in page
    assert "Buy 10 credits for €12.00" in page


def test_a_member_sees_the_balance_and_only_what_they_bought(office, option, till, coras):
    grant_credits(
        customer=office.customer,
        credits=Decimal(7),
        reason=Entry.Reason.GIVEN,
        key="g",
        note="Hi",
        at=NOON,
    )
    give_plan(office.customer, bill="everyone")
    office.permit(office.cora, bill=True)
    buy_on_bill(order=order_of(office.carl, company=office.company, option=option), at=NOON)
    buy_on_bill(order=order_of(office.cora, company=office.company, option=option), at=NOON)

    page = words(coras.get(at(office, "company_credits")))

    assert 'data-testid="balance">27<' in page
    assert "Hi" not in page
    assert page.count("Bought 10 credits") == 1
    lines = coras.get(at(office, "company_credit_transactions_csv")).getvalue().decode()
    assert len(lines.splitlines()) == 2


def test_without_permission_they_are_told_whom_to_ask_and_have_no_button(
    office, option, company_card, coras
):
    page = words(coras.get(at(office, "company_credits")))

    assert "You can't buy for Studio North now." in page
    assert "Ask Carl Berg for “May use the company card”." in page
    assert "Buy 10 credits for" not in page


def test_outsiders_do_not_find_the_company(office, option, mia, signed_in):
    browser = signed_in(mia.user)

    for page in ("company_credits", "company_credit_transactions", "company_payments"):
        assert browser.get(at(office, page)).status_code == 404
    assert browser.get(at(office, "company_checkout", option.pk)).status_code == 404
    forged = {"quote": "forged", "method": "bill"}
    assert browser.post(at(office, "company_checkout", option.pk), forged).status_code == 404


def test_the_checkout_names_every_way_and_why_one_is_closed(office, option, company_card, coras):
    office.permit(office.cora, card=True)

    page = words(coras.get(at(office, "company_checkout", option.pk)))

    assert "Studio North" in page
    assert "Visa •••• 7391" in page
    assert "08/30" not in page  # brand and last four, no more
    assert "Use a new card" not in page
    assert "Not open: paying by bill needs a plan. Ask the team of Harbour Loft." in page


def test_a_member_with_permission_pays_with_the_company_s_card(
    office, option, company_card, coras, fake_gateway, invariants_hold
):
    office.permit(office.cora, card=True)
    ticket = see(coras, office, option)

    answer = post(coras, office, option, ticket, method="card", card=company_card.pk)

    assert answer["state"] == "done"
    purchase = Purchase.objects.get()
    assert (purchase.state, purchase.customer, purchase.bought_by) == (
        "completed",
        office.customer,
        office.cora,
    )
    assert purchase.receipt.buyer["name"] == "Studio North"
    done = words(coras.get(answer["url"]))
    assert "10 credits added" in done
    assert "The balance of Studio North is now" in done
    receipt = reverse("membership:receipt", args=[office.location.slug, purchase.receipt.number])
    assert coras.get(receipt).status_code == 200


def test_a_permission_that_is_taken_while_the_checkout_is_open_refuses(
    office, option, company_card, coras, fake_gateway
):
    office.permit(office.cora, card=True)
    ticket = see(coras, office, option)
    office.permit(office.cora)

    answer = post(coras, office, option, ticket, method="card", card=company_card.pk)

    assert answer["url"].endswith("?refused=may_not_use_card")
    page = words(coras.get(answer["url"]))
    assert "You may not pay with the company's card. Nothing was charged." in page
    assert fake_gateway.charges == {}
    assert not Purchase.objects.exists()


def test_a_member_enters_no_new_card_for_the_company(office, option, company_card, coras):
    office.permit(office.cora, card=True)
    ticket = see(coras, office, option)

    answer = post(coras, office, option, ticket, method="card")

    assert answer["url"].endswith("?refused=new_card_for_managers")
    assert not Purchase.objects.exists()


def test_whoever_was_taken_out_meanwhile_is_told_so(office, option, company_card, coras):
    office.permit(office.cora, card=True)
    ticket = see(coras, office, option)
    remove_from_company(place=office.place(office.cora), by=None, at=NOON)

    answer = post(coras, office, option, ticket, method="card", card=company_card.pk)

    assert answer["url"].endswith("?refused=not_in_company")
    assert "You don't belong to this company any more." in words(coras.get(answer["url"]))


def test_a_closed_company_buys_nothing(office, option, company_card, carls):
    ticket = see(carls, office, option)
    close_company(company=office.company, by=None, at=NOON)

    answer = post(carls, office, option, ticket, method="card", card=company_card.pk)

    assert answer["url"].endswith("?refused=company_closed")
    page = words(carls.get(answer["url"]))
    assert "Studio North is closed." in page
    assert "Buy 10 credits for" not in page


def test_the_bill_takes_the_purchase_and_the_page_says_which(office, option, carls):
    give_plan(office.customer, bill="managers", discount_percent=25)
    ticket = see(carls, office, option)

    page = words(carls.get(at(office, "company_checkout", option.pk)))
    answer = post(carls, office, option, ticket, method="bill")

    assert "Add €9.00 to bill" in page
    assert "25 % off" in page
    done = words(carls.get(answer["url"]))
    assert "10 credits added" in done
    assert "Open bill" in done
    assert BillItem.objects.get(source="credits").total_minor == 900


def test_the_bill_chosen_in_another_tab_does_not_charge_the_card_of_the_first(
    office, option, company_card, carls, fake_gateway
):
    give_plan(office.customer, bill="managers")
    ticket = see(carls, office, option)
    company_card.reference = f"card_action_{company_card.pk}"
    company_card.save()
    waiting = post(carls, office, option, ticket, method="card", card=company_card.pk)

    answer = post(carls, office, option, ticket, method="bill", card="")

    assert waiting["state"] == "action"
    assert answer["state"] == "done"
    assert Purchase.objects.get().state == "pending"
    assert not BillItem.objects.filter(source="credits").exists()


def test_when_paid_the_page_says_that_the_credits_wait(office, option, carls, location):
    location.bill_credits = "when_paid"
    location.save()
    give_plan(office.customer, bill="managers")

    page = words(carls.get(at(office, "company_checkout", option.pk)))
    answer = post(carls, office, option, see(carls, office, option), method="bill")

    assert "The credits are added once that bill is paid." in page
    done = words(carls.get(answer["url"]))
    assert "10 credits on the bill" in done
    assert "They are added once the bill is paid." in done
    assert not Wallet.objects.filter(balance__gt=0).exists()


def test_what_is_free_asks_for_no_payment_until_it_is_used_up(mia, option, location, signed_in):
    give_plan(mia.customer, discount_percent=100, free_claims=1)
    browser = signed_in(mia.user)
    where = reverse("membership:checkout", args=[location.slug, option.pk])
    credits = reverse("membership:credits", args=[location.slug])

    offered = words(browser.get(credits))
    page = browser.get(where)
    answer = browser.post(where, {"quote": ticket_on(page), "method": "free"}, **JSON).json()

    assert "Buy 10 credits for €0.00" in offered
    assert "1 free claim is left until" in offered
    assert "Get for free" in words(page)
    assert "Payment method" not in words(page)
    assert "Nothing, free with your plan" in words(browser.get(answer["url"]))
    used_up = words(browser.get(credits))
    assert "Free credits are used up for this period." in used_up
    assert "Get for free" not in words(browser.get(where))


def test_managers_decide_who_uses_card_and_bill(office, carls):
    page = words(carls.get(at(office, "company_payments")))
    place = office.place(office.cora)

    carls.post(at(office, "permit_company_money", place.pk), {"may_use_bill": "on"})

    assert "Manage payment method permissions" in page
    assert page.count("May use the company card") == 1
    place.refresh_from_db()
    assert (place.may_use_card, place.may_use_bill) == (False, True)


def test_a_manager_alone_reads_that_there_is_nobody_to_permit(office, carls):
    remove_from_company(place=office.place(office.cora), by=None, at=NOON)

    page = words(carls.get(at(office, "company_payments")))

    assert "Manage payment method permissions" in page
    assert "has no members besides its managers yet" in page


def test_a_permitted_member_without_a_card_is_told_who_saves_one(office, coras):
    office.permit(office.cora, card=True)

    page = words(coras.get(at(office, "company_payments")))

    assert "Studio North has no saved card. Ask Carl Berg to save one." in page


def test_members_decide_nothing_and_remove_no_card(office, company_card, coras):
    office.permit(office.cora, card=True)
    own = office.place(office.cora)

    page = words(coras.get(at(office, "company_payments")))
    permit = coras.post(at(office, "permit_company_money", own.pk), {"may_use_bill": "on"})
    remove = coras.post(at(office, "remove_company_card", company_card.pk))

    assert "Visa •••• 7391" in page
    assert "Remove" not in page
    assert "Manage payment method permissions" not in page
    assert (permit.status_code, remove.status_code) == (403, 403)
    assert "Ask Carl Berg." in words(permit)
    assert CompanyMember.objects.get(pk=own.pk).may_use_bill is False
    assert Card.objects.get().state == "kept"


def test_a_manager_removes_the_company_s_card(office, company_card, carls):
    carls.post(at(office, "remove_company_card", company_card.pk))

    assert Card.objects.get().state == "released"


@pytest.mark.parametrize("people", [1, 6])
def test_the_pages_ask_as_little_for_many_people_as_for_few(
    people, office, option, company_card, carls, django_assert_num_queries
):
    from membership.services.companies import put_in_company  # noqa: PLC0415
    from tests.membership.office import hire  # noqa: PLC0415

    for number in range(people):
        put_in_company(
            company=office.company, member=hire(office.location, f"P{number}"), by=None, at=NOON
        )
    carls.get(at(office, "company_credits"))

    with django_assert_num_queries(COMPANY_CREDITS_QUERIES):
        carls.get(at(office, "company_credits"))
    with django_assert_num_queries(COMPANY_PAYMENTS_QUERIES):
        carls.get(at(office, "company_payments"))


COMPANY_PAYMENTS_QUERIES = 9
