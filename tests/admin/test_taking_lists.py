"""Lists as files: short ones at once, long ones made by a worker, and who took which is kept."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.exceptions import BadRequest
from django.urls import reverse
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled
from openpyxl import load_workbook

from community.models import AuditRecord, Export, ExportPart, Role
from community.services.exports import (
    MOST_ATTEMPTS,
    ExportOvertaken,
    ExportUnderWay,
    ask_for_export,
    claim_next_export,
    finish_export,
    forget_old_exports,
    keep_part,
)
from community.tasks import forget_exports, make_next_export
from tests.factories import CustomerFactory, RoleFactory, UserFactory, with_second_factor
from tests.racing import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(signed_in, staff):
    return signed_in(with_second_factor(staff))


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr("community.desk.taking.send_soon", lambda _task: None)


@pytest.fixture
def long_list(monkeypatch):
    """Call three rows many, and write them two by two."""
    monkeypatch.setattr("community.desk.taking.MOST_AT_ONCE", 2)
    monkeypatch.setattr("community.desk.exporting.BATCH", 2)
    monkeypatch.setattr("community.desk.exporting.PART_BYTES", 64)


@pytest.fixture
def members(location):
    """Five members, one of them called like a formula."""
    for number in range(5):
        CustomerFactory(
            member__location=location,
            member__user__email=f"m{number}@h.test",
            member__user__name="=cmd()" if number == 0 else f"Member {number}",
        )


def url_of(form="csv", page="community_customer"):
    return reverse(f"admin:{page}_export", args=[form])


def taken(answer):
    return b"".join(answer.streaming_content)


def table(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def ask(by, *, form="csv", query="", at=None):
    return ask_for_export(
        listing="community.customer", query=query, form=form, by=by, at=at or now()
    )


def test_a_short_list_comes_at_once_and_it_is_kept_who_took_it(desk, members, staff):
    answer = desk.get(url_of(), {"q": "member", "p": "2"})

    assert len(table(taken(answer))) == 5
    record = AuditRecord.objects.get(action="list exported")
    assert (record.user, record.subject) == (staff, "customers")
    assert record.after == {"form": "csv", "filters": {"q": "member"}, "rows": 4}
    assert not Export.objects.exists()


def test_looking_for_what_is_not_there_is_kept_too(desk, location):
    desk.get(url_of(), {"q": "nobody"})

    assert AuditRecord.objects.get(action="list exported").after["rows"] == 0


def test_a_filter_that_there_is_not_is_refused(desk, location):
    assert desk.get(url_of(), {"id__exact": "x"}).status_code == 400
    assert desk.get(url_of(), {"pass__word": "x"}).status_code == 400


def test_the_operators_list_is_kept_at_each_location_by_its_rows(signed_in, members, location):
    operator = with_second_factor(UserFactory(is_superuser=True))
    elsewhere = CustomerFactory()

    signed_in(operator).get(url_of())

    with scopes_disabled():
        kept = AuditRecord.objects.filter(action="list exported")
        rows = {record.location_id: record.after["rows"] for record in kept}
    assert rows == {location.pk: 5, elsewhere.location_id: 1}


def test_a_long_list_is_made_by_a_worker(desk, members, long_list, staff):
    asked = desk.get(url_of(), {"q": "h.test"})
    assert "Make the file" in asked.text
    assert f'href="{reverse("admin:community_customer_changelist")}?q=h.test">Cancel<' in asked.text
    assert not Export.objects.exists()

    waiting = desk.post(f"{url_of()}?q=h.test", follow=True)
    assert "It waits for a worker." in waiting.text
    assert "hx-get" in waiting.text
    polled = waiting.text.partition('id="files"')[2]
    assert (
        "role=" not in polled.partition("files-said")[0].rpartition("<p")[0]
    )  # not read out each second
    make_next_export()
    done = desk.get(reverse("admin:files"), headers={"HX-Request": "true"})

    assert "5 rows" in done.text
    assert "hx-get" not in done.text
    assert '<p id="files-said" hx-swap-oob="innerHTML">Customers · CSV: ready' in done.text
    export = Export.objects.get()
    assert (export.rows_done, export.parts.count() > 1) == (5, True)
    answer = desk.get(reverse("admin:file", args=[export.pk]))
    content = taken(answer)
    assert answer["Content-Length"] == str(len(content))
    assert [row[0] for row in table(content)] == [
        "customer",
        *("Member 4", "Member 3", "Member 2", "Member 1"),
        "'=cmd()",
    ]
    record = AuditRecord.objects.get(action="list exported")
    assert (record.user, record.after["rows"], record.after["filters"]) == (
        staff,
        5,
        {"q": "h.test"},
    )


def test_a_long_workbook_is_whole_and_runs_nothing(desk, members, long_list):
    desk.post(url_of("xlsx"))
    make_next_export()

    content = taken(desk.get(reverse("admin:file", args=[Export.objects.get().pk])))
    sheet = load_workbook(io.BytesIO(content)).active

    assert [row[0] for row in sheet.values][-1] == "'=cmd()"
    assert sheet.max_row == 6


def test_more_rows_than_a_sheet_holds_are_refused_with_a_word(
    desk, members, long_list, monkeypatch
):
    monkeypatch.setattr("community.desk.exporting.MOST_ROWS_IN_A_SHEET", 5)
    desk.post(f"{url_of('xlsx')}?q=h.test")
    make_next_export()

    page = desk.get(reverse("admin:files"))

    assert "An Excel sheet holds 1,048,576 rows. Take CSV." in page.text
    assert f"{url_of()}?q=h.test" in page.text
    assert not ExportPart.objects.exists()


def test_a_file_is_its_askers_alone(desk, members, staff, location, signed_in):
    export = ask(staff)
    file = reverse("admin:file", args=[export.pk])
    assert desk.get(file).status_code == 404  # not made yet
    make_next_export()
    colleague = with_second_factor(RoleFactory(location=location).user)

    assert desk.get(file).status_code == 200
    assert signed_in(colleague).get(file).status_code == 404
    assert "customers" not in signed_in(colleague).get(reverse("admin:files")).text


def test_who_lost_a_role_gets_neither_file_nor_rows(desk, members, staff, location):
    other = RoleFactory(user=staff, kind="staff").location
    export = ask(staff)
    make_next_export()
    Role.objects.filter(user=staff, location=location).delete()

    assert desk.get(reverse("admin:file", args=[export.pk])).status_code == 403

    with scope(location=other):
        CustomerFactory(member__location=other)
    second = ask(staff)
    make_next_export()
    second.refresh_from_db()
    assert second.rows_by_place == {str(other.pk): 1}
    Role.objects.filter(user=staff).delete()
    third = ask(staff)
    make_next_export()
    third.refresh_from_db()
    assert third.trouble == Export.Trouble.NO_ACCESS


def test_one_is_under_way_per_person_and_one_in_all(staff, admin):
    first = ask(staff)
    with pytest.raises(ExportUnderWay):
        ask(staff)
    second = ask(admin)

    claimed = claim_next_export(at=now())
    assert claimed == first
    assert claim_next_export(at=now()) is None
    audit = {"listing": "customers", "form": "csv", "filters": {}}
    finish_export(export=claimed, rows_by_place={}, audit=audit, at=now())
    assert claim_next_export(at=now()) == second


def test_a_second_one_is_refused_with_a_word(desk, members, long_list, staff):
    ask(staff)

    assert "Another file of yours is being made." in desk.post(url_of(), follow=True).text


def test_one_whose_worker_died_begins_anew_and_is_given_up_in_the_end(staff):
    export, at = ask(staff), now()
    for _attempt in range(MOST_ATTEMPTS):
        dead = claim_next_export(at=at)
        keep_part(export=dead, position=0, content=b"half", at=at)
        at += timedelta(minutes=6)
    assert claim_next_export(at=at) is None

    export.refresh_from_db()
    assert export.trouble == Export.Trouble.GIVEN_UP


def test_a_worker_that_was_thought_dead_writes_nothing_more(staff):
    ask(staff)
    slow = claim_next_export(at=now())
    claim_next_export(at=now() + timedelta(minutes=6))

    with pytest.raises(ExportOvertaken):
        keep_part(export=slow, position=0, content=b"late", at=now())
    assert not ExportPart.objects.exists()


def test_what_breaks_is_said_to_its_asker_and_to_the_worker(desk, staff, members):
    ask(staff, query="id__exact=x")
    with pytest.raises(BadRequest):
        make_next_export()

    assert "Something went wrong. Ask for it again." in desk.get(reverse("admin:files")).text


def test_a_search_that_has_come_to_lead_to_too_many_makes_no_file(staff, members, monkeypatch):
    monkeypatch.setattr("community.desk.finding.MOST_OF_A_LOOKUP", 4)
    about = {"listing": "credits.wallet", "query": "q=h.test", "form": "csv"}
    export = ask_for_export(**about, by=staff, at=now())
    make_next_export()

    export.refresh_from_db()
    assert (export.state, export.trouble) == ("failed", Export.Trouble.BROKEN)


def test_files_go_after_a_day_and_old_ones_sooner(staff, members):
    for _number in range(6):
        ask(staff)
        make_next_export()
    assert Export.objects.count() == 5
    forget_exports()
    assert Export.objects.count() == 5

    forget_old_exports(at=now() + timedelta(days=1, minutes=1))

    assert not Export.objects.exists()
    assert not ExportPart.objects.exists()
    assert AuditRecord.objects.filter(action="list exported").count() == 6


@pytest.mark.django_db(transaction=True)
def test_racing_workers_make_one_file(location, staff, admin):
    ask(staff)
    ask(admin)

    claimed = race(location, [lambda: claim_next_export(at=now())] * 6)

    assert [it for it in claimed if it is not None] == [Export.objects.get(state="running")]
