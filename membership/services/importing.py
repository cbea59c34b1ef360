"""Bringing a table of members in: looked at first, then whole or not at all, and once."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, Member, User
from community.services import record_audit
from credits.models import Entry
from credits.services.granting import book_accrual
from membership.models import Invitation, JoinRequest, MemberImport
from membership.services.checking import (
    Checked,
    Columns,
    check_columns,
    check_table,
    guess_columns,
)
from membership.services.invitations import AlreadyInvited, invite
from membership.services.known import NewMember
from membership.services.placing import MeanwhileChanged, count_placed, place_people
from membership.services.tables import read_table
from membership.statements import try_lock_imports

State = MemberImport.State
BATCH = 250
KEPT_ERRORS = 500
LONGEST_FILE_NAME = 200
Progress = Callable[[int], None]


class ImportRefused(ValidationError):
    """The import as a whole can't go on; the code says why."""

    WORDS = {
        "not_checked": _("Check the table first."),
        "rows_wrong": _("Nothing was imported: the table has errors."),
        "import_under_way": _("Another import is running. Start this one when it is done."),
        "import_overtaken": _(
            "Nothing was imported: somebody of this table came in, or something that it names"
            " changed meanwhile. Check it again."
        ),
        "import_done": _("This file was imported already. Nothing was changed."),
        "database_busy": _("Nothing was imported: the database was busy. Start it again."),
    }

    def __init__(self, code: str) -> None:
        super().__init__(self.WORDS[code], code=code)


@transaction.atomic
def upload_table(
    *, location: Location, file_name: str, content: bytes, by: User, at: datetime
) -> MemberImport:
    """Keep a table to import. The same file again is the import that there is.

    :raises FileRefused: if it can't be read as a table
    """
    table = read_table(content)
    digest = hashlib.sha256(content).hexdigest()
    known = MemberImport.objects.filter(location=location, digest=digest).order_by("pk").first()
    if known:
        return known
    return MemberImport.objects.create(
        location=location,
        uploaded_by=by,
        file_name=file_name[-LONGEST_FILE_NAME:],
        content=content,
        digest=digest,
        columns=guess_columns(table.header),
        rows_total=len(table.rows),
        created_at=at,
    )


@transaction.atomic
def check_import(
    *, member_import: MemberImport, columns: Columns, send_invitations: bool, at: datetime
) -> MemberImport:
    """Read the table by these columns and keep what is wrong with it; nothing else changes.

    :raises ColumnsRefused: if a needed column is missing or one is chosen twice
    :raises ImportRefused: if it is running or done
    """
    job = _lock(member_import)
    table = read_table(bytes(job.content))
    check_columns(columns, header=table.header)
    job.columns, job.send_invitations = dict(columns), send_invitations
    _note(job, check_table(table, columns, location=job.location, at=at))
    job.state = State.CHECKED
    job.save()
    return job


@transaction.atomic
def start_import(*, member_import: MemberImport) -> MemberImport:
    """Allow a worker to bring it in; again, if the one that had it is gone.

    :raises ImportRefused: if it isn't checked, has errors, runs, or is done
    """
    job = _lock(member_import)
    if job.state not in {State.CHECKED, State.FAILED, State.RUNNING}:
        raise ImportRefused("not_checked")
    if job.errors:
        raise ImportRefused("rows_wrong")
    job.state, job.rows_done, job.summary = State.RUNNING, 0, _without_refusal(job)
    job.save(update_fields=["state", "rows_done", "summary"])
    return job


@transaction.atomic
def discard_import(*, member_import: MemberImport) -> None:
    """Forget a table that wasn't imported.

    :raises ImportRefused: if it is running or done
    """
    _lock(member_import).delete()


@transaction.atomic
def is_at_work(location: Location) -> bool:
    """Whether a worker is bringing members in at this location now."""
    return not try_lock_imports(location.pk)


def run_import(
    *, member_import: MemberImport, at: datetime, progress: Progress = lambda _rows: None
) -> MemberImport:
    """Bring all members in, or nobody: one transaction, once per file and location.

    :param progress: told how many rows are written, to say so outside the transaction
    :raises ImportRefused: and nothing was changed
    """
    try:
        return _run(member_import.pk, at=at, progress=progress)
    except (IntegrityError, MeanwhileChanged) as rival:
        raise ImportRefused("import_overtaken") from rival


@transaction.atomic
def _run(import_id: int, *, at: datetime, progress: Progress) -> MemberImport:
    job = MemberImport.objects.select_related("location", "uploaded_by").get(pk=import_id)
    if not try_lock_imports(job.location_id):
        raise ImportRefused("import_under_way")
    # Read again: whoever had the lock may have finished it.
    job.refresh_from_db(fields=["state"])
    if job.state == State.DONE:
        return job
    if job.state != State.RUNNING:
        raise ImportRefused("not_checked")
    if MemberImport.objects.filter(location=job.location, digest=job.digest, state="done").exists():
        raise ImportRefused("import_done")
    table = read_table(bytes(job.content))
    checked = check_table(table, job.columns, location=job.location, at=at)
    if checked.errors:
        raise ImportRefused("rows_wrong")
    newcomers: dict[str, Customer] = {}
    found = 0
    for first in range(0, len(checked.members), BATCH):
        batch = checked.members[first : first + BATCH]
        new = [it for it in batch if _is_new(it, checked)]
        found += _bring_in(job, new, newcomers, at=at)
        progress(min(first + BATCH, len(checked.members)))
    # Last, for others wait for what it locks. The wallets above are new: nobody waits for them.
    place_people(
        checked.members,
        checked.known,
        newcomers,
        location=job.location,
        by=job.uploaded_by,
        at=at,
    )
    return _finish(job, checked, accounts_found=found, at=at)


@transaction.atomic
def refuse_import(*, member_import: MemberImport, refusal: ImportRefused, at: datetime) -> None:
    """Keep why it failed, with what is wrong by now, for the page."""
    job = _lock(member_import)
    if refusal.code in {"rows_wrong", "import_overtaken"}:
        table = read_table(bytes(job.content))
        _note(job, check_table(table, job.columns, location=job.location, at=at))
    job.summary["refused"] = refusal.code
    job.state, job.rows_done, job.finished_at = State.FAILED, 0, at
    job.save()


def note_rows_done(*, import_id: int, rows: int) -> None:
    MemberImport.objects.filter(pk=import_id, state=State.RUNNING).update(rows_done=rows)


def _lock(member_import: MemberImport) -> MemberImport:
    job = (
        MemberImport.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location")
        .get(pk=member_import.pk)
    )
    if job.state == State.DONE:
        raise ImportRefused("import_done")
    if job.state == State.RUNNING and not try_lock_imports(job.location_id):
        raise ImportRefused("import_under_way")
    return job


def _note(job: MemberImport, checked: Checked) -> None:
    job.errors = [asdict(error) for error in checked.errors[:KEPT_ERRORS]]
    job.rows_total = len(checked.members) + checked.wrong_rows
    job.summary = {
        **_totals(checked),
        "wrong_rows": checked.wrong_rows,
        "errors": len(checked.errors),
    }


def _totals(checked: Checked) -> dict[str, Any]:
    rows = checked.members
    new = sum(_is_new(it, checked) for it in rows)
    return {
        "members": new,
        "members_already": len(rows) - new,
        "with_credits": sum(it.credits > 0 for it in rows),
        "credits": str(sum((it.credits for it in rows), Decimal(0))),
        **asdict(count_placed(rows, checked.known)),
    }


def _is_new(row: NewMember, checked: Checked) -> bool:
    return checked.known.person(row).member_id is None


def _without_refusal(job: MemberImport) -> dict[str, Any]:
    return {name: fact for name, fact in job.summary.items() if name != "refused"}


def _bring_in(
    job: MemberImport, batch: list[NewMember], newcomers: dict[str, Customer], *, at: datetime
) -> int:
    """Write these members with their credits, and note them; returns how many had an account."""
    found = _accounts([new.email for new in batch])
    strangers = [new for new in batch if new.email not in found]
    made = User.objects.bulk_create(
        # Nobody signs in with it: they set one by email.
        User(email=new.email, name=new.name, password=make_password(None))
        for new in strangers
    )
    users = found | {user.email: user for user in made}
    _settle_ways_in(job, list(found.values()), at=at)
    members = Member.objects.bulk_create(
        Member(location=job.location, user=users[new.email], joined_at=_start(job, new, at=at))
        for new in batch
    )
    customers = Customer.objects.bulk_create(
        Customer(location=job.location, member=member) for member in members
    )
    for new, customer in zip(batch, customers, strict=True):
        newcomers[new.email] = customer
        if new.credits:
            _give_opening_credits(job, new, customer, at=at)
    if job.send_invitations:
        _invite(job, strangers, at=at)
    return len(found)


def _accounts(emails: list[str]) -> dict[str, User]:
    known = User.objects.annotate(lowered=Lower("email")).filter(lowered__in=emails)
    return {user.email.lower(): user for user in known}


def _settle_ways_in(job: MemberImport, users: list[User], *, at: datetime) -> None:
    """Who had asked to join, or was invited with an account, is in by now."""
    for user in users:
        Invitation.objects.open().filter(
            Q(location=job.location), kind=Invitation.Kind.MEMBER, email__iexact=user.email
        ).update(accepted_at=at, accepted_by=user)
    JoinRequest.objects.filter(
        location=job.location, user__in=users, state=JoinRequest.State.OPEN
    ).update(state=JoinRequest.State.ACCEPTED, answered_at=at, answered_by=job.uploaded_by)


def _start(job: MemberImport, new: NewMember, *, at: datetime) -> datetime:
    if new.start is None:
        return at
    return datetime.combine(new.start, time.min, tzinfo=job.location.zone)


def _give_opening_credits(
    job: MemberImport, new: NewMember, customer: Customer, *, at: datetime
) -> None:
    """Book what they bring along: never sold by us, so worth no money and no revenue."""
    lapses_at = None
    if new.expiry:
        lapses_at = datetime.combine(
            new.expiry + timedelta(days=1), time.min, tzinfo=job.location.zone
        )
    book_accrual(
        location_id=job.location_id,
        customer_id=customer.pk,
        credits=new.credits,
        reason=Entry.Reason.IMPORTED,
        key=f"import:{job.digest}",  # a wallet is one person's, so this is once per person
        made_by_id=job.uploaded_by_id,
        lapses_at=lapses_at,
        at=at,
    )


def _invite(job: MemberImport, strangers: list[NewMember], *, at: datetime) -> None:
    for new in strangers:
        try:
            invite(
                location=job.location,
                email=new.email,
                name=new.name,
                kind=Invitation.Kind.MEMBER,
                by=job.uploaded_by,
                at=at,
            )
        except AlreadyInvited:
            continue  # the link they have lets them in


def _finish(
    job: MemberImport, checked: Checked, *, accounts_found: int, at: datetime
) -> MemberImport:
    job.summary = {**_totals(checked), "accounts_found": accounts_found}
    if job.send_invitations:
        job.summary["invited"] = job.summary["members"] - accounts_found
    job.state, job.errors, job.finished_at = State.DONE, [], at
    job.rows_total = job.rows_done = len(checked.members)
    job.content = b""  # what they wrote of people isn't needed any more; the digest is
    job.save()
    record_audit(
        location=job.location,
        by=job.uploaded_by,
        action="members imported",
        subject=f"import {job.pk}",
        after={**job.summary, "file": job.file_name, "digest": job.digest},
        at=at,
    )
    return job
