"""Mails of documents are owed once, claimed by one, tried again, and at last given up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from billing.models import DocumentMail
from billing.services import (
    claim_next_mail,
    end_mail,
    issue_bill,
    owe_reminders,
    put_mail_off,
    receivers_of,
    send_document_again,
)
from billing.services.mails import CLAIMED_FOR, LAST_ATTEMPT, NobodyToMail
from community.models import AuditRecord, Company, CompanyMember, Customer, Location
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import add_manual_item, open_bill_by_hand
from membership.services.bill_payment import mark_bill_paid
from tests.factories import NOON, CustomerFactory, DetailsFactory
from tests.membership.office import Office
from tests.membership.tab import plan_with_bill, received

DAY = timedelta(days=1)
DUE = datetime(2026, 12, 6, 12, tzinfo=UTC)  # 14 days after NOON


@pytest.fixture
def bill(location, mia):
    return plan_with_bill(mia.customer)


@pytest.fixture
def issued(bill):
    return issue_bill(bill_id=bill.pk, at=NOON)


def owed(**about):
    return list(DocumentMail.objects.owed().filter(**about).order_by("pk"))


def reminders():
    return list(
        DocumentMail.objects.filter(kind="reminder").order_by("pk").values_list("days", flat=True)
    )


def test_what_is_issued_owes_its_mail(bill, admin, mia, buy):
    assert owed(bill=bill) == []

    issue_bill(bill_id=bill.pk, at=NOON)
    issue_bill(bill_id=bill.pk, at=NOON)
    item = bill.items.get()
    note = credit_bill(
        bill_id=bill.pk,
        wanted={item.pk: 100},
        reason="Agreed",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )
    receipt = buy(mia).receipt

    for about in ({"bill": bill}, {"credit_note": note}, {"receipt": receipt}):
        (mail,) = owed(**about)
        assert (mail.kind, mail.created_at, mail.attempts) == ("issued", NOON, 0)


def test_a_void_bill_is_no_document(location, mia, admin):
    empty = open_bill_by_hand(customer=mia.customer, key="1", by=admin, at=NOON)

    issue_bill(bill_id=empty.pk, at=NOON)

    assert owed() == []


def test_issuing_undone_owes_nothing(bill):
    with transaction.atomic():
        issue_bill(bill_id=bill.pk, at=NOON)
        transaction.set_rollback(True)

    assert owed() == []


def test_a_member_gets_their_own_and_managers_their_company_s(location, mia):
    office = Office(location)
    CompanyMember.objects.filter(member=office.cora).update(role="manager")
    mia.user.language = "de"

    (own,) = receivers_of(mia.customer)

    assert (own.email, own.name, own.language) == ("mia@h.test", "Mia Holm", "de")
    managers = [receiver.email for receiver in receivers_of(office.customer)]
    assert managers == [office.carl.user.email, office.cora.user.email]


def test_the_addresses_of_the_billing_details_get_them_instead(location, mia):
    mia.user.email, mia.user.language = "mia@h.test", "de"
    mia.user.save()
    DetailsFactory(customer=mia.customer, emails=["books@h.test", "mia@h.test"])
    customer = Customer.objects.get(pk=mia.customer.pk)

    books, own = receivers_of(customer)

    assert (books.email, books.name, books.language) == ("books@h.test", "", "")
    assert (own.email, own.name, own.language) == ("mia@h.test", "Mia Holm", "de")


def test_a_claimed_mail_is_nobody_else_s_until_its_worker_must_be_dead(issued):
    claimed = claim_next_mail(at=NOON)

    assert (claimed.mail_id, claimed.location_id) == (owed()[0].pk, issued.location_id)
    assert claim_next_mail(at=NOON + CLAIMED_FOR - timedelta(seconds=1)) is None
    assert claim_next_mail(at=NOON + CLAIMED_FOR) == claimed
    assert owed()[0].attempts == 2


def test_what_is_not_taken_is_tried_again_later_and_later(issued):
    at, pauses = NOON, []
    while claimed := claim_next_mail(at=at):
        put_mail_off(mail_id=claimed.mail_id, trouble="gone", at=at)
        mail = DocumentMail.objects.get()
        pauses.append(mail.next_try_at - at)
        at = mail.next_try_at

    assert pauses[:3] == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert max(pauses) == timedelta(hours=6)
    assert (len(pauses), mail.state, mail.trouble) == (LAST_ATTEMPT, "failed", "gone")
    assert timedelta(days=6) < at - NOON < timedelta(days=8)


def test_reminders_come_3_and_10_days_after_due_each_once(issued):
    seen = []
    for days in range(-1, 15):
        for _twice in range(2):
            owe_reminders(at=DUE + days * DAY)
        seen.append(len(reminders()))

    assert seen == [*[0] * 4, *[1] * 7, *[2] * 5]
    assert reminders() == [3, 10]


def test_a_run_that_is_days_late_reminds_of_the_latest_only(issued):
    assert owe_reminders(at=DUE + 12 * DAY) == 1
    assert owe_reminders(at=DUE + 13 * DAY) == 0

    assert reminders() == [10]


@pytest.mark.parametrize(
    ("zone", "day_begins"),
    [
        ("Pacific/Kiritimati", datetime(2026, 12, 8, 10, tzinfo=UTC)),  # UTC+14
        ("Europe/Berlin", datetime(2026, 12, 8, 23, tzinfo=UTC)),
        ("Pacific/Pago_Pago", datetime(2026, 12, 9, 11, tzinfo=UTC)),  # UTC-11
    ],
)
def test_the_day_is_the_location_s(bill, zone, day_begins):
    Location.objects.update(time_zone=zone)
    morning = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)  # the 23rd on Kiritimati, 21st on Pago
    shift = {"Pacific/Kiritimati": 1, "Pacific/Pago_Pago": -1}.get(zone, 0)
    issued = issue_bill(bill_id=bill.pk, at=morning)
    assert issued.due_on.day == 6 + shift
    day_begins += shift * DAY

    assert owe_reminders(at=day_begins - timedelta(seconds=1)) == 0
    assert owe_reminders(at=day_begins) == 1


def test_a_location_chooses_its_days_or_none(issued):
    Location.objects.update(reminder_days=[])
    assert owe_reminders(at=DUE + 20 * DAY) == 0

    Location.objects.update(reminder_days=[1, 5, 20])
    for days in range(30):
        owe_reminders(at=DUE + days * DAY)

    assert reminders() == [1, 5, 20]


def test_nobody_is_reminded_of_what_is_paid_credited_or_open(location, mia, admin):
    def new(key):
        customer = CustomerFactory(member__location=location)
        made = open_bill_by_hand(customer=customer, key=key, by=admin, at=NOON)
        add_manual_item(
            bill_id=made.pk, description="Locker", price_minor=500, key=key, by=admin, at=NOON
        )
        return made

    paid, credited, _open = new("1"), new("2"), new("3")
    for one in (paid, credited):
        issue_bill(bill_id=one.pk, at=NOON)
    mark_bill_paid(bill_id=paid.pk, received=received(), by=admin, at=NOON)
    everything = {item.pk: item.total_minor for item in credited.items.all()}
    credit_bill(
        bill_id=credited.pk,
        wanted=everything,
        reason="No",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )

    assert owe_reminders(at=DUE + 20 * DAY) == 0


def test_sent_again_it_is_owed_once_more_and_audited(issued, admin):
    end_mail(mail=issued.mails.get(), at=NOON)

    for _twice in range(2):
        (receiver,) = send_document_again(document=issued, by=admin, at=NOON)

    assert receiver.email == "mia@h.test"
    (mail,) = owed(bill=issued)
    assert (mail.kind, mail.asked_by) == ("resent", admin)
    audit = AuditRecord.objects.get(action="document sent again")
    assert (audit.subject, audit.user) == (f"bill {issued.pk}", admin)
    assert audit.after == {"number": issued.number, "to": ["mia@h.test"]}


def test_with_nobody_to_send_it_to_nothing_is_owed(location, admin):
    office = Office(location)
    bill = issue_bill(bill_id=plan_with_bill(office.customer).pk, at=NOON)
    Company.objects.update(state="closed", closed_at=NOON)
    CompanyMember.objects.update(role="member")

    with pytest.raises(NobodyToMail):
        send_document_again(document=bill, by=admin, at=NOON)

    assert [mail.kind for mail in owed()] == ["issued"]
