import html
import re
from unittest.mock import patch

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError as DatabaseTrouble
from django.urls import reverse
from django_scopes import scope
from kombu.exceptions import OperationalError

from community.models import Member
from membership.models import MemberImport, Plan
from membership.services.companies import add_company, close_company
from membership.services.importing import start_import, upload_table
from membership.tasks import import_members
from tests.factories import NOON, CustomerFactory, LocationFactory, RoleFactory
from tests.membership.office import Office, give_plan

GOOD = "Mail;Name;Guthaben\nmia@h.test;Mia Holm;12,5\nada@h.test;Ada <b>Okafor</b>;\n"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def browser(admin, signed_in):
    return signed_in(admin)


@pytest.fixture
def start_page(location):
    return reverse("community:imports", args=[location.slug])


@pytest.fixture
def upload(browser, start_page):
    def send(text=GOOD, name="people.csv"):
        content = text.encode() if isinstance(text, str) else text
        return browser.post(start_page, {"table": SimpleUploadedFile(name, content)}, follow=True)

    return send


def words(response):
    return response.content.decode()


def page_of(response):
    return response.redirect_chain[-1][0]


def test_a_table_is_uploaded_checked_and_started(location, browser, upload):
    uploaded = upload()
    assert "2 rows, read as UTF-8" in words(uploaded)
    assert "C · Guthaben" in words(uploaded)
    assert "Ada &lt;b&gt;Okafor&lt;/b&gt;" in words(uploaded)

    checked = browser.post(
        page_of(uploaded),
        {"email": 0, "name": 1, "credits": 2, "start": "", "expiry": ""},
        follow=True,
    )
    assert "Import 2 members" in words(checked)
    assert ">12.5<" in words(checked)

    with patch("membership.views.imports.import_members.delay") as delay:
        running = browser.post(f"{page_of(uploaded)}start/", follow=True)
    assert "Waiting for a worker" in words(running)
    assert "Start it again" in words(running)

    job = MemberImport.objects.get()
    assert delay.call_args.kwargs == {"location_id": location.pk, "import_id": job.pk}
    with patch("membership.tasks.note_rows_done"):
        import_members(**delay.call_args.kwargs)
    status = browser.get(f"{page_of(uploaded)}status/")
    assert "2 members imported" in words(status)
    assert "hx-get" not in words(status)
    assert '<p id="import-said" hx-swap-oob="innerHTML">2 members imported' in words(status)
    assert Member.objects.count() == 2


def test_the_same_file_again_says_that_nothing_changes(location, browser, upload, admin):
    page = page_of(upload())
    browser.post(page, {"email": 0, "name": 1})
    with patch("membership.views.imports.import_members.delay"):
        browser.post(f"{page}start/")
    with patch("membership.tasks.note_rows_done"):
        import_members(location_id=location.pk, import_id=MemberImport.objects.get().pk)

    again = upload(name="other-name.csv")

    assert page_of(again) == page
    assert "Uploading the same file again changes nothing." in words(again)
    assert browser.post(f"{page}start/").status_code == 409
    assert Member.objects.count() == 2


def test_errors_are_named_by_row_and_column(browser, upload):
    page = page_of(upload("Email,Name\nmia,Mia\n,<script>alert(1)</script>\n"))

    response = browser.post(page, {"email": 0, "name": 1}, follow=True)

    assert "2 rows can&#x27;t be taken" in words(response) or "2 rows can't be taken" in words(
        response
    )
    assert "This is no email address." in words(response)
    assert "There is no email address." in words(response)
    assert "<script>alert(1)" not in words(response)
    assert ">Import 2 members<" not in words(response)
    assert browser.post(f"{page}start/").status_code == 409


def test_companies_and_plans_are_looked_at_before_and_counted_after(location, browser, upload):
    give_plan(CustomerFactory(member__location=location), name="Flex")
    uploaded = upload(
        "Email,Name,Company,Role,Plan\n"
        "mia@h.test,Mia,Blue Door,manager,flex\n"
        "ada@h.test,Ada,Red Roof,,\n"
        "ben@h.test,Ben,red roof,,\n"
    )
    page = page_of(uploaded)
    for label in ("Role in the company", "C · Company", "E · Plan"):
        assert label in words(uploaded)

    columns = dict(zip(("email", "name", "company", "role", "plan"), range(5), strict=True))
    checked = browser.post(page, columns, follow=True)
    for term, number in (
        ("New companies", 2),
        ("Places in companies", 3),
        ("Plans from today on", 1),
    ):
        assert re.search(rf">{term}<.*?>{number}<", words(checked), re.DOTALL)
    assert "1 new company has no manager in this table." in words(checked)
    assert "Nobody is notified of a place in a company" in words(checked)

    with patch("membership.views.imports.import_members.delay"):
        browser.post(f"{page}start/")
    with patch("membership.tasks.note_rows_done"):
        import_members(location_id=location.pk, import_id=MemberImport.objects.get().pk)
    done = words(browser.get(page))
    assert "3 members imported" in done
    assert re.search(r">Places in companies<.*?>3<", done, re.DOTALL)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",Gone,,", "This company is closed. Reopen it first."),
        (f",{'x' * 151},,", "The name of a company has at most 150 characters."),
        (",Blue Door,boss,", "This is no role. Write manager or member."),
        (",,manager,", "There is a role, but there is no company."),
        (",Studio North,member,", "This person is manager of Studio North already."),
        (",Studio North,,Gold", "There is no plan “Gold”."),
        (",Studio North,,old", "The plan “Old” is archived. Bring it back first."),
        (",Studio North,,Flex", "This person has the plan Resident."),
        ("7,Studio North,,", "This person is a member already. Opening credits are for new"),
    ],
)
def test_what_is_wrong_with_a_company_or_a_plan_is_said_in_words(
    location, browser, upload, row, said
):
    office = Office(location)
    gone = add_company(location=location, name="Gone", manager=None, by=None, at=NOON)
    close_company(company=gone, by=None, at=NOON)
    give_plan(office.carl.customer, name="Resident")
    for name in ("Flex", "Old"):
        give_plan(CustomerFactory(member__location=location), name=name)
    Plan.objects.filter(name="Old").update(archived_at=NOON)
    page = page_of(
        upload(f"Email,Name,Credits,Company,Role,Plan\n{office.carl.user.email},Carl,{row}\n")
    )

    fields = ("email", "name", "credits", "company", "role", "plan")
    columns = dict(zip(fields, range(6), strict=True))
    response = browser.post(page, columns, follow=True)

    assert said in html.unescape(words(response))
    assert browser.post(f"{page}start/").status_code == 409


def test_the_upload_page_names_the_columns(browser, start_page):
    page = words(browser.get(start_page))

    for column in ("Company: its name", "Role in the company: manager or member", "Plan: the name"):
        assert column in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"Email\n\x81\x8d", "Save it as “CSV UTF-8”"),
        (b"x" * (5 * 1024 * 1024 + 1), "The file is larger than 5 MB."),
        (b"PK\x03\x04broken", "This Excel file is damaged or protected."),
        (b"Email,Name\n", "but no rows"),
    ],
)
def test_a_file_that_is_no_table_is_refused_at_its_field(browser, upload, content, said):
    response = upload(content)

    assert response.status_code == 200
    assert said in " ".join(response.context["form"].errors["table"])
    assert MemberImport.objects.count() == 0


def test_no_file_is_refused_at_its_field(browser, start_page):
    response = browser.post(start_page, {})

    assert response.context["form"].errors["table"] == ["This field is required."]


@pytest.mark.parametrize(
    ("chosen", "field", "said"),
    [
        ({"email": "", "name": 1}, "email", "Choose the column that holds this."),
        ({"email": 0, "name": 0}, "name", "Another field takes this column already."),
        ({"email": 99, "name": 1}, "email", "not one of the available choices"),
        ({"email": "0 OR 1=1", "name": 1}, "email", "not one of the available choices"),
    ],
)
def test_a_choice_of_columns_that_cannot_be_is_told_at_its_field(
    browser, upload, chosen, field, said
):
    response = browser.post(page_of(upload()), chosen)

    assert said in " ".join(response.context["form"].errors[field])
    assert MemberImport.objects.get().state == MemberImport.State.UPLOADED


def test_without_workers_nothing_is_lost(browser, upload):
    page = page_of(upload())
    browser.post(page, {"email": 0, "name": 1})

    with patch("membership.views.imports.import_members.delay", side_effect=OperationalError):
        response = browser.post(f"{page}start/")

    assert response.status_code == 409
    assert "The workers can't be reached" in words(response).replace("&#x27;", "'")
    assert "Start it again" in words(response)


def test_a_failed_import_says_why_and_can_be_checked_again(location, browser, upload):
    page = page_of(upload())
    browser.post(page, {"email": 0, "name": 1})
    job = start_import(member_import=MemberImport.objects.get())
    with patch("membership.tasks.run_import", side_effect=DatabaseTrouble):
        import_members(location_id=location.pk, import_id=job.pk)

    response = browser.get(page)

    assert "the database was busy" in words(response)
    assert "Import 2 members" in words(response)
    assert browser.get(f"{page}status/").headers.get("HX-Refresh") == "true"


def test_a_table_can_be_discarded(browser, upload, start_page):
    response = browser.post(f"{page_of(upload())}discard/")

    assert response.url == start_page
    assert MemberImport.objects.count() == 0


def test_an_import_of_another_location_is_not_there(browser, start_page):
    other = LocationFactory()
    with scope(location=other):
        job = upload_table(
            location=other,
            file_name="x.csv",
            content=GOOD.encode(),
            by=RoleFactory(location=other).user,
            at=NOON,
        )

    assert browser.get(f"{start_page}{job.pk}/").status_code == 404
    assert browser.post(f"{start_page}{job.pk}/start/").status_code == 404


def test_staff_and_members_import_nothing(start_page, staff, mia, signed_in):
    for person in (staff, mia.user):
        assert signed_in(person).get(start_page).status_code == 403


def test_the_page_of_an_import_costs_the_same_for_more_rows(
    browser, upload, django_assert_max_num_queries
):
    few, many = (
        page_of(upload("Email,Name\n" + "".join(f"x{n},\n" for n in range(count))))
        for count in (2, 60)
    )
    for page in (few, many):
        browser.post(page, {"email": 0, "name": 1})
    with django_assert_max_num_queries(12) as asked:
        browser.get(few)

    with django_assert_max_num_queries(len(asked)):
        assert "This is no email address." in words(browser.get(many))
