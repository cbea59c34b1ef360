from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from celery import Task, shared_task
from django.core.cache import cache
from django.db import OperationalError as DatabaseTrouble
from django.db import connections
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from billing.services import claim_next_mail, owe_reminders, put_mail_off
from community.models import Customer
from config.broker import send_soon
from config.runs import ENOUGH_FAILURES, Run, Runs
from membership.models import Invitation, MemberImport
from membership.services.auto_paying import bills_to_try, try_bill
from membership.services.closing import (
    catch_up,
    customers_due,
)
from membership.services.document_mails import mail_document
from membership.services.importing import (
    ImportRefused,
    note_rows_done,
    refuse_import,
    run_import,
)
from membership.services.invitations import invitations_to_mail
from membership.services.mailing import mail_invitation
from membership.services.paying import ASKED_A_RUN, ask_about_charge, charges_to_ask_about
from membership.services.transfers import (
    announce_transfer,
    expire_transfer,
    transfers_over,
    transfers_to_announce,
)
from notifications.services.smtp import MailOutcomeUnknown
from payments.tasks import take_each
from payments.views.metrics import RECONCILED_AT

Progress = Callable[[int, int, int], None]  # done, of how many, failed
ASK_AFTER = timedelta(seconds=60)
MAILING = Runs()
log = structlog.get_logger(__name__)


@shared_task
def send_invitation(*, location_id: int, invitation_id: int) -> bool:
    """Mail it, or leave it to the sweeper; tells which."""
    with scope(location=location_id):
        try:
            mail_invitation(invitation_id=invitation_id, at=now())
        except OSError as trouble:
            log.warning("invitation_not_mailed", invitation=invitation_id, reason=str(trouble))
            return False
    return True


@shared_task
def sweep_invitations() -> None:
    """Mail the invitations that no worker has seen or no mail server has taken."""
    with scopes_disabled():
        waiting = list(
            Invitation.objects.filter(pk__in=invitations_to_mail(at=now())).values_list(
                "location_id", "pk"
            )
        )
    failures = 0
    for location_id, invitation_id in waiting:
        sent = send_invitation(location_id=location_id, invitation_id=invitation_id)
        failures += not sent
        if failures == ENOUGH_FAILURES:  # rather the server's fault than the addresses'
            return


@shared_task
def send_documents() -> None:
    """Mail the bills, receipts and credit notes that are owed, at all locations.

    Any number of workers may do so at once: each mail is claimed by one.
    """
    with MAILING.begin() as run:
        if run:
            mail_what_is_owed(run)


def mail_what_is_owed(run: Run) -> None:
    while not run.is_over:
        claimed = claim_next_mail(at=now())
        if claimed is None:
            return
        with scope(location=claimed.location_id):
            run.failures += not _mail_claimed(claimed.mail_id)


def _mail_claimed(mail_id: int) -> bool:
    """Mail it or put it off; tells which."""
    try:
        mail_document(mail_id=mail_id, at=now())
    except OSError as trouble:
        log.warning("document_not_mailed", mail=mail_id, reason=str(trouble))
        is_in_doubt = isinstance(trouble, MailOutcomeUnknown)
        put_mail_off(mail_id=mail_id, trouble=str(trouble), is_in_doubt=is_in_doubt, at=now())
    except Exception as bug:  # one about one document must not keep the others from their readers
        log.exception("document_not_mailed", mail=mail_id)
        put_mail_off(mail_id=mail_id, trouble=type(bug).__name__, at=now())
    else:
        return True
    return False


@shared_task
def remind_of_bills() -> None:
    """Owe the reminders whose day has come; the same run begins to mail them."""
    if owe_reminders(at=now()):
        send_soon(send_documents)


@shared_task
def sweep_charges() -> None:
    """Ask the gateways about charges that are pending for too long; end abandoned ones.

    :raises RunIncomplete: at the end, if some failed by a bug of ours
    """
    with scopes_disabled():
        waiting = charges_to_ask_about(at=now(), older_than=ASK_AFTER)
    left = take_each(
        waiting,
        lambda charge_id: ask_about_charge(charge_id=charge_id, at=now()),
        failure="charge_not_asked_about",
    )
    if not left and len(waiting) < ASKED_A_RUN:
        _note_reconciled()


def _note_reconciled() -> None:
    """Say for operations that all pending charges were asked about."""
    cache.set(RECONCILED_AT, now(), timeout=None)


class BillsNotTried(Exception):
    """Bills that could not be tried; the log has each one's reason."""


@shared_task
def sweep_transfers() -> None:
    """End the transfers whose day is over, and announce the day of those that are due soon."""
    with scopes_disabled():
        over, soon = transfers_over(at=now()), transfers_to_announce(at=now())
    for location_id, charge_id in over:
        with scope(location=location_id):
            expire_transfer(charge_id=charge_id, at=now())
    for location_id, charge_id in soon:
        with scope(location=location_id):
            announce_transfer(charge_id=charge_id, at=now())


@shared_task
def pay_bills() -> None:
    """Try the bills that pay themselves and are due a try.

    :raises BillsNotTried: at the end, if some failed by a bug of ours
    """
    with scopes_disabled():
        waiting = bills_to_try(at=now())
    failures = 0
    for location_id, bill_id in waiting:
        try:
            with scope(location=location_id):
                try_bill(bill_id=bill_id, key=uuid4(), at=now())
        except Exception:  # a bug about one bill must not keep the others from being paid
            failures += 1
            log.exception("bill_not_tried", location=location_id, bill=bill_id)
    if failures:
        raise BillsNotTried(failures)


class PeriodsNotClosed(Exception):
    """Customers whose periods could not be closed; the log has each one's reason."""


@shared_task
def close_periods() -> None:
    """Close the periods that are over and begin what is due.

    :raises PeriodsNotClosed: at the end, if some customers failed
    """
    if failures := close_due_periods(at=now()):
        raise PeriodsNotClosed(failures)


def close_due_periods(*, at: datetime, progress: Progress | None = None) -> int:
    """Bring each customer with something due up to date, in a transaction of their own.

    One that fails is logged and left to the next run, which comes in minutes.
    """
    with scopes_disabled():
        due = customers_due(at=at)
    failures = 0
    for done, (location_id, customer_id) in enumerate(due, start=1):
        try:
            with scope(location=location_id):
                customer = Customer.objects.select_related("location").get(pk=customer_id)
                catch_up(customer=customer, at=at)
        except Exception:  # a bug about one customer must not keep bills from the others
            failures += 1
            log.exception("period_not_closed", location=location_id, customer=customer_id)
        if progress:
            progress(done, len(due), failures)
    return failures


@shared_task(bind=True, max_retries=120)
def import_members(task: "Task[Any, None]", *, location_id: int, import_id: int) -> None:
    """Bring a checked table in, saying how far it is by a connection of its own."""
    with scope(location=location_id):
        job = MemberImport.objects.filter(pk=import_id).first()
        if job is None:
            return
        try:
            with _progress_aside(location_id, import_id) as progress:
                job = run_import(member_import=job, at=now(), progress=progress)
        except DatabaseTrouble:
            refuse_import(member_import=job, refusal=ImportRefused("database_busy"), at=now())
        except ImportRefused as refusal:
            if refusal.code == "import_under_way":
                raise task.retry(countdown=5) from refusal
            refuse_import(member_import=job, refusal=refusal, at=now())
        else:
            if job.summary.get("plans"):
                close_due_periods(at=now())  # sooner than the run for all locations does


@contextmanager
def _progress_aside(location_id: int, import_id: int) -> Iterator[Callable[[int], None]]:
    """Commit progress while the import's own transaction is open: by another connection."""

    def note(rows: int) -> None:
        with scope(location=location_id):
            note_rows_done(import_id=import_id, rows=rows)

    with ThreadPoolExecutor(max_workers=1) as aside:
        try:
            yield lambda rows: aside.submit(note, rows).result()
        finally:
            aside.submit(connections.close_all).result()
