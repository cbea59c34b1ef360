"""What the mails of documents say, and that each goes out once, whatever is down."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from unittest.mock import patch

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from billing.documents import bill_pdf
from billing.models import Bill, DocumentMail
from billing.services import issue_bill, owe_reminders, send_document_again
from community.models import Company, CompanyMember, Location
from config.runs import Run
from membership.services.auto_paying import choose_auto_pay
from membership.services.bill_credits import credit_bill
from membership.services.bill_payment import mark_bill_paid
from membership.tasks import mail_what_is_owed, remind_of_bills, send_documents
from tests.factories import NOON, CustomerFactory, LocationFactory, OptionFactory
from tests.membership.office import Office
from tests.membership.tab import plan_with_bill, received
from tests.racing import errors, race

SERVER = "django.core.mail.backends.locmem.EmailBackend.send_messages"
DAY = timedelta(days=1)
LATE = NOON + 17 * DAY


@pytest.fixture
def bill(location, mia):
    """Mia's issued bill over €72.00, due on 6 Dec."""
    return issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)


def send(at=NOON):
    """Let the task run at a moment."""
    with time_machine.travel(at, tick=False):
        send_documents()


def new_bill(location):
    customer = CustomerFactory(member__location=location)
    return issue_bill(bill_id=plan_with_bill(customer).pk, at=NOON)


def only_mail():
    (message,) = mail.outbox
    return message


def test_a_bill_s_mail_says_what_to_pay_until_when_and_where(bill):
    send()

    message = only_mail()
    assert message.to == ["mia@h.test"]
    assert message.subject == f"Bill {bill.number} from Harbour Loft"
    assert "Hello Mia Holm," in message.body
    assert "comes to €72.00" in message.body
    assert "Please pay €72.00 by 6 Dec 2026." in message.body
    page = f"http://127.0.0.1:8000/{bill.location.slug}/membership/bills/{bill.pk}/"
    ((html, kind),) = message.alternatives
    assert page in message.body
    assert f'href="{page}"' in html
    assert (kind, "€72.00" in html) == ("text/html", True)
    assert message.attachments == [(f"{bill.number}.pdf", bill_pdf(bill), "application/pdf")]
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_receipt_and_credit_note_say_so(location, mia, buy, bill, admin):
    note = credit_bill(
        bill_id=bill.pk,
        wanted={bill.items.get().pk: 1000},
        reason="Moved in late",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )
    option = OptionFactory(location=location, price_minor=1000)
    receipt = buy(mia, option=option).receipt

    send()

    said = {message.subject: message for message in mail.outbox}
    of_note = said[f"Test mode: Credit note {note.number} from Harbour Loft"]
    assert f"credits €10.00 of bill {bill.number}" in of_note.body
    assert "Moved in late" in of_note.body
    assert f"/membership/credit-notes/{note.number}/" in of_note.body
    of_receipt = said[f"Test mode: Receipt {receipt.number} from Harbour Loft"]
    assert "has received €12.00" in of_receipt.body
    assert f"/membership/receipts/{receipt.number}/" in of_receipt.body
    for message in (of_note, of_receipt):
        ((_name, content, kind),) = message.attachments
        assert (content[:4], kind) == (b"%PDF", "application/pdf")


def test_each_manager_gets_a_mail_of_their_own(location):
    office = Office(location)
    CompanyMember.objects.filter(member=office.cora).update(role="manager")
    issue_bill(bill_id=plan_with_bill(office.customer).pk, at=NOON)

    send()

    assert [message.to for message in mail.outbox] == [
        [office.carl.user.email],
        [office.cora.user.email],
    ]
    assert "Hello Cora Lund," in mail.outbox[1].body


def test_it_is_written_as_the_receiver_reads_or_as_the_location_does(location, mia):
    Location.objects.update(locale="de")
    bill = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)
    send_document_again(document=bill, by=mia.user, at=NOON)
    send()
    assert "72,00\xa0€" in mail.outbox[0].body

    mia.user.language = "en"
    mia.user.save()
    send_document_again(document=bill, by=mia.user, at=NOON)
    send()

    assert "€72.00" in mail.outbox[-1].body


def test_a_location_s_name_adds_no_header(location, bill):
    Location.objects.update(name="Loft\nBcc: all@h.test")

    send()

    assert "\n" not in only_mail().subject


def test_when_the_mail_server_was_down_everything_goes_once_it_is_up(bill, mia, buy):
    buy(mia)
    with patch(SERVER, side_effect=SMTPServerDisconnected("gone")):
        send()
        send(NOON + timedelta(seconds=30))
    assert mail.outbox == []
    assert set(DocumentMail.objects.values_list("trouble", "attempts")) == {("gone", 1)}

    send(NOON + timedelta(minutes=2))
    send(NOON + timedelta(minutes=30))

    assert len(mail.outbox) == 2
    assert set(DocumentMail.objects.values_list("state", "trouble")) == {("sent", "")}


def test_a_server_that_is_down_is_not_asked_for_each_of_many(location):
    for _bill in range(8):
        new_bill(location)

    with patch(SERVER, side_effect=ConnectionRefusedError("no")) as asked:
        send()

    assert asked.call_count == 5


def test_one_address_that_is_refused_keeps_no_other_from_the_document(location):
    office = Office(location)
    CompanyMember.objects.filter(member=office.cora).update(role="manager")
    issue_bill(bill_id=plan_with_bill(office.customer).pk, at=NOON)
    takes = EmailBackend.send_messages

    def refuse_carl(self, messages):
        if messages[0].to == [office.carl.user.email]:
            raise SMTPRecipientsRefused({office.carl.user.email: (550, b"no such box")})
        return takes(self, messages)

    with patch(SERVER, refuse_carl):
        send()
        send(NOON + DAY)
    assert [message.to for message in mail.outbox] == [[office.cora.user.email]]
    assert DocumentMail.objects.get().state == "owed"

    send(NOON + 2 * DAY)

    assert [message.to for message in mail.outbox] == [
        [office.cora.user.email],
        [office.carl.user.email],
    ]
    assert DocumentMail.objects.get().state == "sent"


def test_a_bug_about_one_document_keeps_no_other_from_its_reader(bill, mia, buy):
    buy(mia)
    with patch("membership.services.document_mails.bill_pdf", side_effect=KeyError("bug")):
        send()

    assert "Receipt" in only_mail().subject
    assert issued_mail(bill).trouble == "KeyError"


def issued_mail(bill):
    return DocumentMail.objects.get(bill=bill, kind="issued")


def test_with_nobody_to_send_it_to_it_fails(location):
    office = Office(location)
    bill = issue_bill(bill_id=plan_with_bill(office.customer).pk, at=NOON)
    Company.objects.update(state="closed", closed_at=NOON)
    CompanyMember.objects.update(role="member")

    send()

    assert (mail.outbox, issued_mail(bill).state) == ([], "failed")


def test_a_reminder_says_what_is_still_to_pay(location, bill, admin):
    send()
    mail.outbox.clear()
    credit_bill(
        bill_id=bill.pk,
        wanted={bill.items.get().pk: 1000},
        reason="Late",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )
    send()
    mail.outbox.clear()

    with time_machine.travel(LATE, tick=False), patch("membership.tasks.send_soon") as nudge:
        remind_of_bills()
    send(LATE)

    nudge.assert_called_once_with(send_documents)
    message = only_mail()
    assert message.subject == f"Reminder: bill {bill.number} from Harbour Loft"
    assert "was due on 6 Dec 2026, and €62.00 of it is still to be paid" in message.body
    assert f"/membership/bills/{bill.pk}/" in message.body
    assert message.attachments[0][0] == f"{bill.number}.pdf"


def test_what_is_paid_before_its_reminder_goes_out_is_not_reminded_of(bill, admin):
    send()
    owe_reminders(at=LATE)
    mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=LATE)

    send(LATE)

    assert len(mail.outbox) == 1
    assert DocumentMail.objects.get(kind="reminder").state == "dropped"


def test_sent_again_after_it_is_paid_it_asks_for_nothing(bill, admin):
    mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=NOON)
    send_document_again(document=bill, by=admin, at=NOON)

    send()

    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "It is paid: there is nothing to do." in message.body
        assert "Please pay" not in message.body


def test_sent_again_late_it_says_since_when_it_is_due(bill, admin):
    send_document_again(document=bill, by=admin, at=LATE)

    send(LATE)

    assert "Please pay €72.00: it was due on 6 Dec 2026." in mail.outbox[-1].body


def test_of_a_bill_that_pays_itself_nothing_is_asked(card):
    customer = card.customer
    choose_auto_pay(customer=customer, card_id=card.pk, by=customer.member.user, at=NOON)
    issue_bill(bill_id=plan_with_bill(customer).pk, at=NOON)

    send()

    assert "Your card is charged for it: there is nothing to do." in only_mail().body
    assert "Please pay" not in only_mail().body


def test_a_mail_costs_the_same_queries_for_any_bill(location, mia):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            send()
        return len(seen)

    issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)
    first = queries()
    other = Office(location).customer
    issue_bill(bill_id=plan_with_bill(other).pk, at=NOON)

    assert queries() <= first + 1  # a company's managers are looked up


def test_a_slow_mail_server_holds_one_thread_and_not_for_long(bill, location):
    new_bill(location)
    with patch("config.runs.SECONDS", 0):
        send()
    assert mail.outbox == []

    def slowly(*_args):
        send_documents()  # as another thread's would, it begins nothing
        return 1

    with patch(SERVER, side_effect=slowly) as server:
        send()

    assert server.call_count == 2
    assert set(DocumentMail.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_send_each_mail_once():
    places = [LocationFactory(), LocationFactory()]
    for place in places:
        with scope(location=place):
            for _bill in range(4):
                new_bill(place)

    answers = race(places[0], [lambda: mail_what_is_owed(Run())] * 4)

    assert errors(answers) == []
    assert len(mail.outbox) == 8
    assert len({message.to[0] for message in mail.outbox}) == 8


@pytest.mark.django_db(transaction=True)
def test_four_runs_at_once_remind_once():
    location = LocationFactory()
    with scope(location=location):
        new_bill(location)

    answers = race(location, [lambda: owe_reminders(at=LATE)] * 4)

    assert errors(answers) == []
    assert sorted(answers) == [0, 0, 0, 1]
    with scope(location=location):
        assert Bill.objects.get().mails.filter(kind="reminder").count() == 1
