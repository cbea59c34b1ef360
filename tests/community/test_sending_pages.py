"""Send again on the pages of documents, what was mailed on a bill's page, and Open a bill."""

from unittest.mock import patch

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Bill, DocumentMail
from billing.services import end_mail, fail_mail, issue_bill, note_receiver, put_mail_off
from community.models import Company, CompanyMember
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import open_bill_by_hand
from membership.tasks import send_documents
from tests.community.settings_pages import words
from tests.factories import CustomerFactory, PlanFactory
from tests.membership.office import Office
from tests.membership.tab import bill_of, plan_with_bill

pytestmark = pytest.mark.django_db


def address(location, name, *ids):
    return reverse(f"community:{name}", args=[location.slug, *ids])


@pytest.fixture(autouse=True)
def nudge():
    with (
        patch("community.views.sending.send_soon") as again,
        patch("community.views.bill_acts.send_soon"),
    ):
        yield again


@pytest.fixture
def bill(location, mia):
    return issue_bill(bill_id=plan_with_bill(mia.customer, at=now()).pk, at=now())


def credited(bill, admin):
    return credit_bill(
        bill_id=bill.pk,
        wanted={bill.items.get().pk: 100},
        reason="Agreed",
        waive_spent=False,
        key="1",
        by=admin,
        at=now(),
    )


def test_a_bill_is_sent_again_to_whom_the_page_says(location, admin, signed_in, bill, nudge):
    browser = signed_in(admin)
    page = browser.get(address(location, "bill", bill.pk))
    assert f"Send {bill.number} again?" in words(page)
    assert [receiver.email for receiver in page.context["receivers"]] == ["mia@h.test"]

    response = browser.post(address(location, "send_bill", bill.pk), follow=True)

    assert f"{bill.number} is on its way to mia@h.test." in words(response)
    nudge.assert_called_once_with(send_documents)
    assert bill.mails.owed().filter(kind="resent").count() == 1
    assert mail.outbox == []


def test_receipt_and_credit_note_are_sent_again(location, admin, mia, signed_in, bill, buy):
    note, receipt = credited(bill, admin), buy(mia).receipt
    browser = signed_in(admin)

    for name, document in (("send_credit_note", note), ("send_receipt", receipt)):
        response = browser.post(address(location, name, document.number), follow=True)
        assert f"{document.number} is on its way to mia@h.test." in words(response)
        assert f"Send {document.number} again?" in words(response)
        assert document.mails.filter(kind="resent").count() == 1


def test_who_isn_t_an_admin_has_no_button(location, staff, mia, signed_in, bill, admin):
    note = credited(bill, admin)

    for user in (staff, mia.user):
        shown = signed_in(user).get(reverse("membership:credit_note", args=[location.slug, note]))
        assert "Send again" not in words(shown)
    assert "Send again" not in words(signed_in(staff).get(address(location, "bill", bill.pk)))


def test_an_open_bill_is_no_document(location, mia, admin, signed_in):
    active = plan_with_bill(mia.customer, at=now())

    assert "Send again" not in words(signed_in(admin).get(address(location, "bill", active.pk)))
    response = signed_in(admin).post(address(location, "send_bill", active.pk))

    assert response.status_code == 404


def test_without_a_manager_the_page_says_there_is_nobody(location, admin, signed_in):
    office = Office(location)
    bill = issue_bill(bill_id=plan_with_bill(office.customer, at=now()).pk, at=now())
    Company.objects.update(state="closed", closed_at=now())
    CompanyMember.objects.update(role="member")
    browser = signed_in(admin)

    page = words(browser.get(address(location, "bill", bill.pk)))
    response = browser.post(address(location, "send_bill", bill.pk), follow=True)

    assert "There is nobody to send it to: the company has no manager." in page
    assert "Studio North has nobody to send it to. Nothing was sent." in words(response)


def test_the_bill_s_page_says_what_became_of_its_mails(location, admin, signed_in, bill):
    def page():
        return words(signed_in(admin).get(address(location, "bill", bill.pk))).replace(
            "&#x27;", "'"
        )

    issued = bill.mails.get()
    assert "Is being emailed" in page()
    put_mail_off(mail_id=issued.pk, trouble="no route", at=now())
    assert "The mail server didn't take it yet: no route" in page()

    issued = DocumentMail.objects.get()
    note_receiver(mail=issued, email="mia@h.test")
    end_mail(mail=issued, at=now())
    assert "Emailed" in page()
    assert "mia@h.test" in page()

    reminder = DocumentMail.objects.create(
        location=location, bill=bill, kind="reminder", days=3, created_at=now(), next_try_at=now()
    )
    fail_mail(mail=reminder, trouble="550 no such box")
    assert "Reminder not emailed" in page()
    assert "didn't take it in a week: 550 no such box" in page()


def test_a_member_s_page_of_the_bill_is_silent_about_mails(location, mia, signed_in, bill):
    shown = signed_in(mia.user).get(
        reverse("membership:bill", args=[location.slug, bill.pk]), follow=True
    )

    assert "emailed" not in words(shown)


def test_a_bill_is_opened_from_the_list_of_bills(location, mia, admin, signed_in):
    Office(location)
    browser = signed_in(admin)
    choose = address(location, "open_bill")
    assert choose in browser.get(address(location, "bills")).content.decode()
    page = browser.get(choose, {"q": "mia h.test"})
    assert "Studio North" not in words(page)
    action = address(location, "open_member_bill", mia.pk)
    assert action in page.content.decode()

    response = browser.post(action)

    assert response.url == address(location, "bill", bill_of(mia.customer).pk)
    assert words(browser.get(choose, {"q": "mia"})).count("matches") == 1


def test_who_has_a_plan_an_open_bill_or_left_is_not_offered(location, mia, admin, signed_in):
    planned, billed, left = (CustomerFactory(member__location=location) for _ in range(3))
    plan_with_bill(planned, at=now())
    open_bill_by_hand(customer=billed, key="1", by=admin, at=now())
    left.member.state = "left"
    left.member.save()
    office = Office(location)

    page = signed_in(admin).get(address(location, "open_bill")).context["page"]

    offered = {customer.pk for customer in page}
    assert {mia.customer.pk, office.customer.pk} <= offered
    assert not offered & {planned.pk, billed.pk, left.pk}


def test_the_list_of_customers_grows_by_pages_not_queries(
    location, admin, signed_in, django_assert_max_num_queries
):
    for _ in range(30):
        CustomerFactory(member__location=location)
    PlanFactory(location=location)
    browser = signed_in(admin)
    browser.get(address(location, "open_bill"))

    with django_assert_max_num_queries(12):
        page = words(browser.get(address(location, "open_bill")))

    assert "1–25 of 30" in page


@pytest.mark.parametrize("search", ["\0", "x" * 101])
def test_a_search_that_can_t_be_is_said_at_its_field(location, mia, admin, signed_in, search):
    response = signed_in(admin).get(address(location, "open_bill"), {"q": search})

    assert 'aria-invalid="true"' in response.content.decode()
    assert list(response.context["page"]) == [mia.customer]
    assert Bill.objects.count() == 0


def test_nobody_to_open_a_bill_for(location, admin, signed_in):
    page = words(signed_in(admin).get(address(location, "open_bill")))

    assert "Nobody to open a bill for" in page
