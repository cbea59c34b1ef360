"""Mail as a mail server gets it: news with a way out of it, a bill with its PDF."""

from datetime import timedelta
from email import message_from_bytes, policy
from unittest.mock import patch

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler

from billing.models import DocumentMail
from billing.services import issue_bill
from membership.tasks import send_documents
from notifications.models import Delivery
from notifications.services.smtp import EmailBackend
from notifications.tasks import send_notifications
from stack.ports import free_port
from tests.factories import NOON
from tests.membership.tab import plan_with_bill


class Mailbox(Handler):
    """Keeps what came, as its receiver would read it."""

    def __init__(self):
        super().__init__()
        self.mails = []
        self.hangs_up_at = None

    def prepare_message(self, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        mail.receivers = envelope.rcpt_tos
        return mail

    def handle_message(self, mail):
        self.mails.append(mail)

    async def handle_MAIL(self, server, _session, envelope, address, options):  # noqa: N802 - aiosmtpd
        if self.hangs_up_at == "MAIL":
            server.transport.abort()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd
        said = await super().handle_DATA(server, session, envelope)
        if self.hangs_up_at == "DATA":
            server.transport.abort()
        return said


@pytest.fixture
def mailbox(settings):
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "notifications.services.smtp.EmailBackend"
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


@pytest.mark.parametrize(("moment", "state"), [("MAIL", "owed"), ("DATA", "failed")])
def test_news_that_were_handed_over_are_not_sent_again(mailbox, mia, news, moment, state):
    news(mia.user, kind="credits_deducted")
    mailbox.hangs_up_at = moment
    with time_machine.travel(NOON, tick=False):
        send_notifications()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (state, "unknown" if state == "failed" else "")

    mailbox.hangs_up_at = None
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        send_notifications()

    assert len(mailbox.mails) == 1


def test_a_bill_is_sent_again_in_doubt_but_not_for_a_week(mailbox, location, mia):
    mailbox.hangs_up_at = "DATA"
    issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)

    for hours in range(6):
        with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
            send_documents()

    assert len(mailbox.mails) == 3
    assert DocumentMail.objects.get().state == "failed"
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_a_server_may_take_its_time_to_look_through_a_mail(mailbox, settings):
    settings.EMAIL_TIMEOUT = 10
    backend = EmailBackend()
    backend.open()
    line = backend.connection
    with patch("notifications.services.smtp.ANSWER_SECONDS", 77):
        line.sendmail("a@h.test", ["b@h.test"], b"Hello")
        assert line.sock.gettimeout() == 77
    assert line.noop()[0] == 250
    assert line.sock.gettimeout() == 10
    backend.close()


def test_a_bill_comes_with_its_pdf(mailbox, location, mia):
    bill = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)

    send_documents()

    assert DocumentMail.objects.get(bill=bill).sent_at
    (mail,) = mailbox.mails
    (pdf,) = mail.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", f"{bill.number}.pdf")
    assert pdf.get_content().startswith(b"%PDF-")
