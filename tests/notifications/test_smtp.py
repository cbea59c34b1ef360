"""Mail as a mail server gets it: news with a way out of it, a bill with its PDF."""

from email import message_from_bytes, policy

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler

from billing.models import DocumentMail
from billing.services import issue_bill
from membership.tasks import send_documents
from notifications.tasks import send_notifications
from stack.ports import free_port
from tests.factories import NOON
from tests.membership.tab import plan_with_bill


class Mailbox(Handler):
    """Keeps what came, as its receiver would read it."""

    def __init__(self):
        super().__init__()
        self.mails = []

    def prepare_message(self, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        mail.receivers = envelope.rcpt_tos
        return mail

    def handle_message(self, mail):
        self.mails.append(mail)


@pytest.fixture
def mailbox(settings):
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    yield box
    server.stop()


def test_news_are_read_as_text_and_html_and_can_be_unsubscribed(mailbox, mia, news):
    news(mia.user, kind="credits_deducted", reason="Lost key · Schlüssel")

    with time_machine.travel(NOON, tick=False):
        send_notifications()

    (mail,) = mailbox.mails
    assert mail.receivers == ["mia@h.test"]
    assert mail["Subject"] == "10 credits deducted · Harbour Loft"
    assert mail["List-Unsubscribe"].strip().startswith("<http://127.0.0.1:8000/unsubscribe/")
    for kind in ("plain", "html"):
        assert "Lost key · Schlüssel" in mail.get_body((kind,)).get_content()


def test_a_bill_comes_with_its_pdf(mailbox, location, mia):
    bill = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)

    send_documents()

    assert DocumentMail.objects.get(bill=bill).sent_at
    (mail,) = mailbox.mails
    (pdf,) = mail.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", f"{bill.number}.pdf")
    assert pdf.get_content().startswith(b"%PDF-")
