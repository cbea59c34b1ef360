from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django_scopes import scope

from analytics.models import RevenueLine
from community.models import AuditRecord, Customer, Member, User
from credits.models import Entry, Lot, Wallet
from membership.models import Invitation, JoinRequest, MemberImport
from membership.services.checking import ColumnsRefused, check_columns, guess_columns
from membership.services.importing import (
    ImportRefused,
    check_import,
    discard_import,
    is_at_work,
    refuse_import,
    run_import,
    start_import,
    upload_table,
)
from membership.services.invitations import accept_invitation, invite
from notifications.models import Notification
from tests.factories import NOON, LocationFactory, MemberFactory, UserFactory
from tests.racing import errors, race

HEADER = "Email,Name,Start,Opening credits,Expiry,Company,Role,Plan\n"
GOOD = (
    HEADER
    + "Mia@h.test,Mia Holm,2025-03-01,12.5,2026-12-31\n"
    + "ada@h.test,Ada Okafor,,10,\n"
    + "ben@h.test,Ben Wirth,,,\n"
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(location, admin):
    """Upload, check and start a table, as far as it goes."""

    def make(text=GOOD, *, until="started", send_invitations=False):
        job = upload_table(
            location=location, file_name="people.csv", content=text.encode(), by=admin, at=NOON
        )
        if until in {"checked", "started"}:
            job = check_import(
                member_import=job, columns=job.columns, send_invitations=send_invitations, at=NOON
            )
        return start_import(member_import=job) if until == "started" else job

    return make


def codes(job):
    return [(error["row"], error["field"], error["code"]) for error in job.errors]


def rows_of(*models):
    return [model.objects.count() for model in models]


def test_members_come_in_with_the_credits_they_have_left(job, location, admin):
    done = run_import(member_import=job(), at=NOON)

    assert done.state == MemberImport.State.DONE
    mia = Member.objects.get(user__email="mia@h.test")
    assert (mia.state, mia.user.name) == ("active", "Mia Holm")
    assert not mia.user.has_usable_password()
    assert mia.joined_at == datetime(2025, 2, 28, 23, tzinfo=UTC)  # 1 March in Berlin
    entry = Entry.objects.get(wallet__customer=mia.customer)
    assert (entry.credits, entry.reason, entry.made_by) == (Decimal("12.5"), "imported", admin)
    lot = Lot.objects.get(entry=entry)
    assert (lot.lapses_at, lot.paid_minor) == (datetime(2026, 12, 31, 23, tzinfo=UTC), 0)
    assert Lot.objects.get(wallet__customer__member__user__email="ada@h.test").lapses_at is None
    assert Wallet.objects.count() == 2


def test_it_is_no_sale_and_tells_nobody(job):
    run_import(member_import=job(), at=NOON)

    assert rows_of(RevenueLine, Notification, Invitation) == [0, 0, 0]


def test_one_audit_record_counts_what_came_in(job, admin):
    run_import(member_import=job(), at=NOON)

    record = AuditRecord.objects.get()
    assert (record.action, record.user) == ("members imported", admin)
    assert record.after["members"] == 3
    assert record.after["credits"] == "22.5"


def test_the_books_agree(job, invariants_hold):
    run_import(member_import=job(), at=NOON)

    invariants_hold()


def test_what_people_wrote_is_forgotten_when_it_is_done(job):
    done = run_import(member_import=job(), at=NOON)

    assert bytes(MemberImport.objects.get(pk=done.pk).content) == b""


def test_the_same_file_twice_changes_nothing(job, location, admin):
    done = run_import(member_import=job(), at=NOON)

    again = upload_table(
        location=location, file_name="copy.csv", content=GOOD.encode(), by=admin, at=NOON
    )

    assert again == done
    assert run_import(member_import=again, at=NOON).state == MemberImport.State.DONE
    with pytest.raises(ImportRefused, match="imported already"):
        start_import(member_import=again)
    assert rows_of(Member, Entry) == [3, 2]


def test_the_same_file_at_another_location_is_another_import(job, admin):
    run_import(member_import=job(), at=NOON)
    other = LocationFactory()

    with scope(location=other):
        new = upload_table(
            location=other, file_name="people.csv", content=GOOD.encode(), by=admin, at=NOON
        )

    assert new.state == MemberImport.State.UPLOADED


def test_who_has_an_account_keeps_it(job, location):
    ada = UserFactory(email="ADA@h.test", name="Ada O.")
    JoinRequest.objects.create(location=location, user=ada, created_at=NOON)

    done = run_import(member_import=job(), at=NOON)

    ada.refresh_from_db()
    assert (ada.name, ada.has_usable_password()) == ("Ada O.", True)
    assert Member.objects.get(user=ada).state == "active"
    assert JoinRequest.objects.get().state == JoinRequest.State.ACCEPTED
    assert done.summary["accounts_found"] == 1


def test_invitations_go_to_those_without_an_account_on_request(job, location, admin):
    UserFactory(email="ada@h.test")
    invite(location=location, email="ben@h.test", kind="member", by=admin, at=NOON)

    run_import(member_import=job(send_invitations=True), at=NOON)

    assert set(Invitation.objects.open().values_list("email", flat=True)) == {
        "mia@h.test",
        "ben@h.test",
    }


def test_an_invited_import_accepts_and_keeps_the_credits(job, location, admin):
    run_import(member_import=job(), at=NOON)
    mia = User.objects.get(email="mia@h.test")
    _invitation, token = invite(
        location=location, email="mia@h.test", kind="member", by=admin, at=NOON
    )

    accept_invitation(token=token, user=mia, at=NOON)

    assert Member.objects.get(user=mia).state == "active"
    assert Wallet.objects.get(customer__member__user=mia).balance == Decimal("12.5")


def test_the_dry_run_changes_nothing(job):
    before = rows_of(User, Member, Customer, Entry)

    job(until="checked")

    assert rows_of(User, Member, Customer, Entry) == before


def test_one_cell_can_be_wrong_in_several_rows_and_a_row_in_several_cells(job):
    checked = job(HEADER + "a@h.test,,soon,-1,never\n", until="checked")

    assert [error["field"] for error in checked.errors] == ["name", "start", "credits", "expiry"]
    assert checked.summary["wrong_rows"] == 1


@pytest.mark.parametrize(
    "written",
    ["2026-11-22", "22.11.2026", "22. 11. 2026", "22/11/2026", "11/22/2026", "2026-11-22 00:00:00"],
)
def test_dates_are_read_as_people_write_them(job, written):
    run_import(member_import=job(f"{HEADER}a@h.test,Ada,{written},,\n"), at=NOON)

    assert Member.objects.get().joined_at == datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.mark.parametrize(("written", "credits"), [("2,5", "2.5"), ("1000", 1000), ("0.01", "0.01")])
def test_credits_are_read_as_people_write_them(job, written, credits):
    run_import(member_import=job(f'{HEADER}a@h.test,Ada,,"{written}",\n'), at=NOON)

    assert Entry.objects.get().credits == Decimal(credits)


def test_columns_are_guessed_from_their_headings():
    guessed = guess_columns(["Full name", "Balance", "E-Mail Address", "Member since", "?"])

    nothing = dict.fromkeys(["expiry", "company", "role", "plan", "vat_number"])
    assert guessed == {"email": 2, "name": 0, "start": 3, "credits": 1} | nothing
    assert guess_columns(["Plan", "Role", "Company"])["company"] == 2


@pytest.mark.parametrize(
    ("columns", "field", "code"),
    [
        ({"email": 0}, "name", "column_missing"),
        ({"name": 0, "email": None}, "email", "column_missing"),
        ({"email": 0, "name": 0}, "name", "column_twice"),
        ({"email": 0, "name": 7}, "name", "column_unknown"),
        ({"email": 0, "name": -1}, "name", "column_unknown"),
    ],
)
def test_a_choice_of_columns_that_cannot_be_is_refused(columns, field, code):
    with pytest.raises(ColumnsRefused) as refusal:
        check_columns(columns, header=["a", "b"])

    assert refusal.value.error_dict[field][0].code == code


def test_a_table_with_errors_cannot_be_started(job):
    checked = job(HEADER + "nobody,Mia,,,\n", until="checked")

    with pytest.raises(ImportRefused, match="the table has errors"):
        start_import(member_import=checked)


def test_a_table_that_was_not_checked_cannot_be_started_or_run(job):
    uploaded = job(until="uploaded")

    for go in (
        lambda: start_import(member_import=uploaded),
        lambda: run_import(member_import=uploaded, at=NOON),
    ):
        with pytest.raises(ImportRefused, match="Check the table first"):
            go()


def test_who_came_in_after_the_check_stops_all_of_it(job, location):
    started = job()
    MemberFactory(location=location, user__email="ben@h.test")

    with pytest.raises(ImportRefused) as refusal:
        run_import(member_import=started, at=NOON)
    refuse_import(member_import=started, refusal=refusal.value, at=NOON)

    started.refresh_from_db()
    assert rows_of(Member, Entry) == [1, 0]
    assert started.state == MemberImport.State.FAILED
    assert codes(started) == [(4, "email", "already_member")]


def test_a_run_that_breaks_in_the_middle_leaves_nothing_and_can_be_started_again(job):
    started = job(GOOD + "".join(f"p{n}@h.test,P {n},,1,\n" for n in range(600)))

    def killed(rows):
        if rows >= 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_import(member_import=started, at=NOON, progress=killed)
    assert rows_of(Member, Entry, Customer) == [0, 0, 0]

    done = run_import(member_import=start_import(member_import=started), at=NOON)
    assert done.summary["members"] == 603


def test_progress_is_told_batch_by_batch(job):
    told = []

    run_import(
        member_import=job(GOOD + "".join(f"p{n}@h.test,P {n},,,\n" for n in range(600))),
        at=NOON,
        progress=told.append,
    )

    assert told == [250, 500, 603]


def test_a_discarded_table_is_gone_and_a_done_one_stays(job):
    discard_import(member_import=job(until="checked"))
    assert MemberImport.objects.count() == 0

    done = run_import(member_import=job(), at=NOON)
    with pytest.raises(ImportRefused):
        discard_import(member_import=done)


@pytest.mark.django_db(transaction=True)
def test_of_two_runs_of_one_file_one_works_and_the_other_is_told(location, job):
    started = job()

    answers = race(location, [lambda: run_import(member_import=started, at=NOON) for _ in range(2)])

    assert {error.code for error in errors(answers)} <= {"import_under_way"}
    assert rows_of(Member, Entry, Wallet) == [3, 2, 2]
    assert AuditRecord.objects.filter(action="members imported").count() == 1
    assert not is_at_work(location)


@pytest.mark.django_db(transaction=True)
def test_of_two_tables_with_the_same_people_one_comes_in(location, job):
    tables = [job(), job(GOOD.replace("12.5", "13"))]

    answers = race(
        location,
        [lambda table=table: run_import(member_import=table, at=NOON) for table in tables],
    )

    assert len(errors(answers)) == 1
    assert isinstance(errors(answers)[0], ValidationError)
    assert rows_of(Member, Entry) == [3, 2]


@pytest.mark.django_db(transaction=True)
def test_somebody_who_comes_in_during_the_run_makes_it_fail_whole(location, job):
    started = job()

    def rival():
        MemberFactory(location=location, user__email="mia@h.test")

    answers = race(location, [lambda: run_import(member_import=started, at=NOON), rival])

    assert Member.objects.count() in {1, 3}
    assert len(errors(answers)) <= 1
