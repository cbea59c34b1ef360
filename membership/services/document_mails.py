"""The mail of a bill, receipt or credit note: worded for each receiver, with the PDF."""

from datetime import datetime
from hashlib import sha256
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from billing.documents import bill_pdf, credit_note_pdf, receipt_pdf
from billing.models import Bill, Document, DocumentMail, Receipt
from billing.services import (
    Receiver,
    drop_mail,
    end_mail,
    fail_mail,
    note_receiver,
    page_of,
    receivers_of,
)
from membership.services.bill_payment import NEEDS_THE_PAYER
from notifications.services.mailing import send_mail
from payments.models import AutoPay, Card

ASKS_FOR_MONEY = {DocumentMail.Kind.REMINDER, DocumentMail.Kind.UNPAID}


def mail_document(*, mail_id: int, at: datetime) -> None:
    """Send a mail that was claimed to everybody who has it not yet.

    One that asks for what is paid by now is dropped; with nobody to send it to it fails.

    :raises OSError: if the mail server didn't take it for all of them; it waits on
    """
    mail = DocumentMail.objects.with_documents().get(pk=mail_id)
    if mail.kind in ASKS_FOR_MONEY and not _is_unpaid(mail.bill):
        drop_mail(mail=mail)
        return
    receivers = receivers_of(mail.document.customer)
    if not receivers:
        fail_mail(mail=mail, trouble="")
        return
    pdf = _pdf_of(mail.document)
    refused: list[OSError] = []
    for receiver in receivers:
        if receiver.email in mail.sent_to:
            continue
        try:
            _send(mail, receiver, pdf)
        except SMTPRecipientsRefused as trouble:  # the others may have it all the same
            refused.append(trouble)
        else:
            note_receiver(mail=mail, email=receiver.email)
    if refused:
        raise refused[0]
    end_mail(mail=mail, at=at)


def _is_unpaid(bill: Bill | None) -> bool:
    return bill is not None and bill.state == Bill.State.ISSUED


def _send(mail: DocumentMail, receiver: Receiver, pdf: bytes) -> None:
    template = mail.kind if mail.kind in ASKS_FOR_MONEY else mail.about
    with override(receiver.language or mail.location.locale):
        send_mail(
            receiver.email,
            f"billing/mail/{template}",
            mail.location,
            attached=(f"{mail.document.number}.pdf", pdf, "application/pdf"),
            headers={"Message-ID": _message_id(mail, receiver), "Auto-Submitted": "auto-generated"},
            name=receiver.name,
            document=mail.document,
            pays_itself=_pays_itself(mail),
            **_failure(mail),
            link=_link_to(mail),
        )


def _pays_itself(mail: DocumentMail) -> bool:
    """Whether a card is charged for it, so that its mail asks for nothing."""
    is_new = mail.kind == DocumentMail.Kind.ISSUED and mail.bill is not None
    usable = AutoPay.objects.filter(card__in=Card.objects.kept())
    return is_new and usable.filter(customer=mail.document.customer).exists()


def _failure(mail: DocumentMail) -> dict[str, Any]:
    """What an UNPAID mail tells of the last try."""
    if mail.kind != DocumentMail.Kind.UNPAID or mail.bill is None:
        return {}
    charge = mail.bill.charges.filter(automatic_try__isnull=False).latest("pk")
    return {
        "charge": charge,
        "needs_the_payer": charge.failure_code == NEEDS_THE_PAYER,
    }


def _message_id(mail: DocumentMail, receiver: Receiver) -> str:
    """The same at each try, so that a mailbox knows one that comes again after a crash."""
    whom = sha256(receiver.email.encode()).hexdigest()[:12]
    return f"<document.{mail.pk}.{whom}@{urlsplit(settings.BASE_URL).hostname}>"


def _pdf_of(document: Document) -> bytes:
    if isinstance(document, Bill):
        return bill_pdf(document)
    return receipt_pdf(document) if isinstance(document, Receipt) else credit_note_pdf(document)


def _link_to(mail: DocumentMail) -> str:
    if mail.bill:
        return page_of(mail.bill)
    args = [mail.location.slug, mail.document.number]
    path = reverse(f"membership:{mail.about}", args=args)
    return f"{settings.BASE_URL}{path}"
