"""The mails of documents: owed in the transaction that issues, claimed and ended by who sends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from billing.models import Bill, CreditNote, Document, DocumentMail, Receipt
from billing.services.details import details_of
from billing.statements import ClaimedMail, claim_mail, insert_reminders
from community.models import CompanyMember, Customer, User
from community.services import record_audit

# Longer than any task lives: until then a claimed mail is its worker's alone.
CLAIMED_FOR = timedelta(minutes=10)
FIRST_PAUSE = timedelta(minutes=1)  # doubled with each failure
LONGEST_PAUSE = timedelta(hours=6)
LAST_ATTEMPT = 36  # after a week
LAST_IN_DOUBT = 3


class NobodyToMail(ValidationError):
    def __init__(self, customer: Customer) -> None:
        super().__init__(
            _("%(customer)s has nobody to send it to. Nothing was sent."),
            code="nobody_to_mail",
            params={"customer": customer.name},
        )


@dataclass(frozen=True)
class Receiver:
    """Somebody who gets a customer's documents; no language: the location's."""

    email: str
    name: str = ""
    language: str = ""


def receivers_of(customer: Customer) -> list[Receiver]:
    """Everybody who gets a customer's documents.

    Those of their billing details; without any, the person or the company's managers.
    """
    people = _people(customer)
    if emails := details_of(customer).emails:
        known = {person.email: person for person in people}
        return [known.get(email) or Receiver(email) for email in emails]
    return people


def _people(customer: Customer) -> list[Receiver]:
    if customer.member:
        return [_receiver(customer.member.user)]
    managers = CompanyMember.objects.managers().filter(company_id=customer.company_id)
    return [_receiver(place.member.user) for place in managers.by_name()]


def _receiver(user: User) -> Receiver:
    return Receiver(user.email, user.name, user.language)


def owe_mail(
    document: Bill | CreditNote,
    *,
    at: datetime,
    kind: DocumentMail.Kind = DocumentMail.Kind.ISSUED,
) -> None:
    """Leave the mail of what is issued; a receipt's is written with it, in one statement.

    Call it in the transaction of what it tells: if that is undone, nothing is owed.

    :param kind: or UNPAID, of a bill that did not pay itself; or RESENT, of one due again
    """
    assert transaction.get_connection().in_atomic_block
    DocumentMail.objects.create(
        location_id=document.location_id,
        kind=kind,
        created_at=at,
        next_try_at=at,
        **_about(document),
    )


@transaction.atomic
def send_document_again(*, document: Document, by: User, at: datetime) -> list[Receiver]:
    """Leave a further mail of a document, and say to whom it goes. While one waits it is that one.

    :raises NobodyToMail: if the customer has no address, or the company no manager
    """
    receivers = receivers_of(document.customer)
    if not receivers:
        raise NobodyToMail(document.customer)
    try:
        with transaction.atomic():
            mail = DocumentMail.objects.create(
                location_id=document.location_id,
                kind=DocumentMail.Kind.RESENT,
                created_at=at,
                next_try_at=at,
                asked_by=by,
                **_about(document),
            )
    except IntegrityError:  # a second click
        return receivers
    record_audit(
        location=mail.location,
        by=by,
        action="document sent again",
        subject=f"{_kind_of(document).replace('_', ' ')} {document.pk}",
        after={"number": document.number, "to": [receiver.email for receiver in receivers]},
        at=at,
    )
    return receivers


def send_bill_again(bill: Bill, *, at: datetime) -> None:
    """Leave a further mail of a locked bill that is due again, unless one waits already."""
    waiting = DocumentMail.objects.owed().filter(bill=bill, kind=DocumentMail.Kind.RESENT)
    if not waiting.exists():
        owe_mail(bill, at=at, kind=DocumentMail.Kind.RESENT)


def owe_reminders(*, at: datetime) -> int:
    """Leave the reminders that are due at all locations, each once; gives how many.

    Days that were missed are not caught up on: a bill gets the last of those that have come.
    """
    return insert_reminders(at=at)


def claim_next_mail(*, at: datetime) -> ClaimedMail | None:
    """Take a mail that waits, at any location; nobody else gets it meanwhile."""
    return claim_mail(at=at, until=at + CLAIMED_FOR)


def note_receiver(*, mail: DocumentMail, email: str) -> None:
    """One of its receivers has it. Called by whoever has claimed the mail."""
    mail.sent_to.append(email)
    mail.save(update_fields=["sent_to"])


def end_mail(*, mail: DocumentMail, at: datetime) -> None:
    """Everybody has it."""
    mail.state, mail.sent_at, mail.trouble = DocumentMail.State.SENT, at, ""
    mail.save(update_fields=["state", "sent_at", "trouble"])


def drop_mail(*, mail: DocumentMail) -> None:
    """What it would say is true no longer."""
    mail.state = DocumentMail.State.DROPPED
    mail.save(update_fields=["state"])


def fail_mail(*, mail: DocumentMail, trouble: str) -> None:
    """It is not tried any more; an admin may send the document again."""
    mail.state, mail.trouble = DocumentMail.State.FAILED, trouble[:200]
    mail.save(update_fields=["state", "trouble"])


def put_mail_off(*, mail_id: int, trouble: str, is_in_doubt: bool = False, at: datetime) -> None:
    """It was not taken: try it again after a pause, or after a week no more.

    :param is_in_doubt: it may have been taken, so it soon comes too often
    """
    mail = DocumentMail.objects.get(pk=mail_id)
    if mail.attempts >= (LAST_IN_DOUBT if is_in_doubt else LAST_ATTEMPT):
        fail_mail(mail=mail, trouble=trouble)
        return
    pause = min(FIRST_PAUSE * 2 ** (mail.attempts - 1), LONGEST_PAUSE)
    mail.next_try_at, mail.trouble = at + pause, trouble[:200]
    mail.save(update_fields=["next_try_at", "trouble"])


def _about(document: Document) -> dict[str, Document]:
    return {_kind_of(document): document}


def _kind_of(document: Document) -> str:
    if isinstance(document, Bill):
        return "bill"
    return "receipt" if isinstance(document, Receipt) else "credit_note"
