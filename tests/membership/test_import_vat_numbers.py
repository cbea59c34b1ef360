"""The VAT numbers of an import: of a row's company, or of who has none in the row."""

import pytest

from billing.models import BillingDetails
from community.models import AuditRecord
from membership.services.checking import guess_columns
from membership.services.importing import (
    ImportRefused,
    check_import,
    run_import,
    start_import,
    upload_table,
)
from tests.factories import NOON, CustomerFactory, DetailsFactory
from tests.membership.office import Office

pytestmark = pytest.mark.django_db
HEADER = "Email,Name,Company,VAT number\n"


@pytest.fixture
def check(location, admin):
    def make(rows):
        job = upload_table(
            location=location,
            file_name="people.csv",
            content=(HEADER + rows).encode(),
            by=admin,
            at=NOON,
        )
        return check_import(member_import=job, columns=job.columns, send_invitations=False, at=NOON)

    return make


@pytest.fixture
def bring(check):
    def make(rows):
        return run_import(member_import=start_import(member_import=check(rows)), at=NOON)

    return make


@pytest.fixture
def office(location):
    return Office(location)


def numbers():
    found = BillingDetails.objects.select_related("customer__member__user", "customer__company")
    return {details.customer.name: details.vat_number for details in found}


def codes(job):
    return [(error["row"], error["field"], error["code"]) for error in job.errors]


@pytest.mark.parametrize("heading", ["VAT number", "VAT", "vat-id", "USt-IdNr", "Tax ID"])
def test_the_column_is_found_by_its_heading(heading):
    assert guess_columns(["Email", heading])["vat_number"] == 1


def test_numbers_go_to_the_company_or_to_who_has_none(bring, office, admin):
    done = bring(
        "mia@h.test,Mia,Blue Door,de 136 695 976\n"
        "ada@h.test,Ada,BLUE DOOR,DE136695976\n"
        "ben@h.test,Ben,Studio North,ATU13585627\n"
        "eva@h.test,Eva,,DK13585628\n"
        "jon@h.test,Jon,,\n"
    )

    assert numbers() == {
        "Blue Door": "DE136695976",
        "Studio North": "ATU13585627",
        "Eva": "DK13585628",
    }
    assert done.summary["vat_numbers"] == 3
    records = AuditRecord.objects.filter(action="billing details of a customer changed")
    assert {record.user for record in records} == {admin}
    assert len(records) == 3


def test_a_member_gets_a_number_alone(bring, location):
    customer = CustomerFactory(member__location=location, member__user__email="mia@h.test")
    DetailsFactory(customer=customer, vat_number="", address="Pier 1")

    bring("mia@h.test,Mia,,DE136695976\n")

    details = BillingDetails.objects.get(customer=customer)
    assert (details.vat_number, details.address) == ("DE136695976", "Pier 1")


def test_a_number_that_is_there_is_no_change(bring, office):
    DetailsFactory(customer=office.customer)

    done = bring("mia@h.test,Mia,Studio North,DE136695976\n")

    assert done.summary["vat_numbers"] == 0
    assert not AuditRecord.objects.filter(action__startswith="billing details").exists()


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("mia@h.test,Mia,,12345\n", "vat_number_invalid"),
        ("mia@h.test,Mia,Studio North,DE123456789\n", "vat_number_differs"),
        ("ada@h.test,Ada,,DE123456789\n", "vat_number_differs"),
        ("mia@h.test,Mia,,=1+1\n", "formula"),
    ],
)
def test_a_number_that_cannot_be_is_said_in_its_cell(check, office, location, rows, code):
    DetailsFactory(customer=office.customer)
    ada = CustomerFactory(member__location=location, member__user__email="ada@h.test")
    DetailsFactory(customer=ada)

    job = check(rows)

    assert (2, "vat_number", code) in codes(job)
    with pytest.raises(ImportRefused):
        start_import(member_import=job)


def test_two_numbers_for_one_company_are_one_too_many(check):
    job = check("mia@h.test,Mia,Blue Door,DE136695976\nada@h.test,Ada,blue door,DK13585628\n")

    assert codes(job) == [(3, "vat_number", "vat_number_differs")]


def test_a_number_that_came_meanwhile_stops_the_import(check, office):
    job = start_import(member_import=check("mia@h.test,Mia,Studio North,DE136695976\n"))
    DetailsFactory(customer=office.customer, vat_number="ATU13585627")

    with pytest.raises(ImportRefused):
        run_import(member_import=job, at=NOON)

    assert numbers() == {"Studio North": "ATU13585627"}


def test_many_numbers_take_as_many_statements_as_few(bring, django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        bring("".join(f"p{i}@h.test,P {i},Firm {i},DK1358562{i}\n" for i in range(10)))
