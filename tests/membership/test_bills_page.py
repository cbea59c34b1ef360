"""Membership > Bills: one's own, and those of the companies that one manages."""

import pytest
from django.db import connection
from django.urls import reverse

from billing.services import issue_bill, open_bill
from community.models import Company, CompanyMember, Customer, Member
from membership.services.bill_credits import credit_bill
from membership.services.companies import close_company, reopen_company
from membership.services.leaving import leave_location
from tests.community.settings_pages import words
from tests.factories import NOON, CustomerFactory
from tests.membership.tab import buy_by_bill, plan_with_bill

pytestmark = pytest.mark.django_db


def address(location, name, *ids):
    return reverse(f"membership:{name}", args=[location.slug, *ids])


@pytest.fixture
def company(location, mia):
    """Studio North, which Mia manages."""
    company = Company.objects.create(location=location, name="Studio North", created_at=NOON)
    Customer.objects.create(location=location, company=company)
    join(company, mia, "manager")
    return company


def join(company, member, role="member", **may):
    return CompanyMember.objects.create(
        location=company.location, company=company, member=member, role=role, joined_at=NOON, **may
    )


def test_what_was_bought_is_on_the_open_bill(location, mia, signed_in):
    bill = plan_with_bill(mia.customer)
    purchase = buy_by_bill(mia)
    browser = signed_in(mia.user)

    assert "Not issued" in words(browser.get(address(location, "bills")))
    page = browser.get(address(location, "bill", bill.pk))
    assert "Bought by Mia Holm" in words(page)
    assert address(location, "purchase", purchase.key) in page.content.decode()


def test_a_manager_sees_the_company_s_bills(location, mia, company, signed_in):
    bill = plan_with_bill(company.customer)
    colleague = CustomerFactory(member__location=location, member__user__name="Cleo Vance").member
    join(company, colleague, may_use_bill=True)
    buy_by_bill(colleague, company=company)
    browser = signed_in(mia.user)

    page = words(browser.get(address(location, "company_bills", company.pk)))
    assert "Studio North" in page
    assert "€84.00" in page
    assert "Bought by Cleo Vance" in words(browser.get(address(location, "bill", bill.pk)))


def test_a_company_member_is_told_whom_to_ask(location, company, signed_in):
    bill = plan_with_bill(company.customer)
    colleague = CustomerFactory(member__location=location).member
    join(company, colleague)
    browser = signed_in(colleague.user)

    for page in (
        address(location, "company_bills", company.pk),
        address(location, "bill", bill.pk),
    ):
        response = browser.get(page)
        assert response.status_code == 403
        assert "Ask Mia Holm." in words(response)


def test_without_a_manager_the_location_is_whom_to_ask(location, mia, company, signed_in):
    colleague = CustomerFactory(member__location=location).member
    join(company, colleague)
    close_company(company=company, by=None, at=NOON)
    leave_location(member=mia, at=NOON)
    connection.check_constraints()  # as its commit would, while the company is closed
    reopen_company(company=company, by=None, at=NOON)

    response = signed_in(colleague.user).get(address(location, "company_bills", company.pk))

    assert "Ask Harbour Loft." in words(response)


def test_other_people_s_bills_are_not_found(location, mia, company, signed_in):
    stranger = CustomerFactory(member__location=location).member
    bill = plan_with_bill(mia.customer)
    browser = signed_in(stranger.user)

    assert browser.get(address(location, "bill", bill.pk)).status_code == 404
    assert browser.get(address(location, "company_bills", company.pk)).status_code == 404


def test_an_unpaid_bill_stays_open_to_who_left(location, mia, admin, signed_in):
    bill = plan_with_bill(mia.customer)
    purchase = buy_by_bill(mia)
    issued = issue_bill(bill_id=bill.pk, at=NOON)
    fee = bill.items.get(source="plans")
    note = credit_bill(
        bill_id=bill.pk,
        wanted={fee.pk: 100},
        reason="Agreed",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )
    mia.state = Member.State.LEFT
    mia.save()
    browser = signed_in(mia.user)

    assert issued.number in words(browser.get(address(location, "bills")))
    page = browser.get(address(location, "bill", bill.pk))
    assert "To pay" in words(page)
    assert address(location, "purchase", purchase.key) not in page.content.decode()
    assert browser.get(address(location, "credit_note", note.number)).status_code == 200


def test_credit_notes_of_others_are_not_found(location, mia, admin, signed_in):
    stranger = CustomerFactory(member__location=location).member

    for number, status in (("C-2026-0001", 404), ("%00", 400)):
        page = f"/{location.slug}/membership/credit-notes/{number}/"
        assert signed_in(stranger.user).get(page).status_code == status
        assert signed_in(stranger.user).get(f"{page}pdf/").status_code == status


def test_an_issued_bill_has_a_pdf_and_an_active_one_none(location, mia, signed_in):
    bill = plan_with_bill(mia.customer)
    pdf = address(location, "bill_pdf", bill.pk)
    browser = signed_in(mia.user)
    assert browser.get(pdf).status_code == 404
    for name, *ids in (("bills",), ("bill", bill.pk)):
        assert pdf not in browser.get(address(location, name, *ids)).content.decode()

    bill = issue_bill(bill_id=bill.pk, at=NOON)

    for name, *ids in (("bills",), ("bill", bill.pk)):
        assert f'href="{pdf}"' in browser.get(address(location, name, *ids)).content.decode()
    answer = browser.get(pdf)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{bill.number}.pdf"'
    assert answer.content.startswith(b"%PDF")


def test_a_company_s_bills_are_handed_to_its_managers_alone(location, mia, company, signed_in):
    bill = issue_bill(bill_id=plan_with_bill(company.customer).pk, at=NOON)
    colleague = CustomerFactory(member__location=location).member
    join(company, colleague, may_use_bill=True)
    pdf = address(location, "bill_pdf", bill.pk)

    assert signed_in(mia.user).get(pdf).status_code == 200
    assert signed_in(colleague.user).get(pdf).status_code == 404


def test_a_credit_note_links_its_pdf(location, mia, signed_in):
    bill = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)
    note = credit_bill(
        bill_id=bill.pk,
        wanted={bill.items.get().pk: 1200},
        reason="Agreed",
        waive_spent=False,
        key="1",
        by=mia.user,
        at=NOON,
    )
    browser = signed_in(mia.user)
    pdf = address(location, "credit_note_pdf", note.number)

    page = browser.get(address(location, "credit_note", note.number)).content.decode()

    assert f'href="{pdf}"' in page
    assert browser.get(pdf).content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("asked", "listed"),
    [("", {"issued", "active"}), ("issued", {"issued"}), ("paid", set()), ("x'", None)],
)
def test_the_list_is_narrowed_to_a_state(asked, listed, location, mia, signed_in):
    bill = plan_with_bill(mia.customer)
    issue_bill(bill_id=bill.pk, at=NOON)
    open_bill(customer=mia.customer, key="next", at=NOON)

    response = signed_in(mia.user).get(address(location, "bills"), {"state": asked})

    states = {bill.state for bill in response.context["page"]}
    assert states == ({"issued", "active"} if listed is None else listed)
