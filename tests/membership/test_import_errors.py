"""Every reason for which a cell can't be taken, at its row and column."""

from datetime import date

import pytest

from community.models import Customer, Member
from membership.models import Plan, PlanAssignment
from membership.services.cells import CellRefused
from membership.services.companies import add_company, close_company, put_in_company
from membership.services.importing import check_import, upload_table
from tests.factories import NOON, CustomerFactory, MemberFactory, UserFactory
from tests.membership.office import Office, give_plan

HEADER = "Email,Name,Start,Opening credits,Expiry,Company,Role,Plan,VAT number\n"
LATER = date(2027, 1, 1)

pytestmark = pytest.mark.django_db


WRONG = {
    "a@h.test,Mia,,,": None,
    ",Mia,,,": ("email", "email_missing"),
    "mia,Mia,,,": ("email", "email_invalid"),
    f"{'x' * 250}@h.test,Mia,,,": ("email", "email_too_long"),
    "A@H.test,Twice,,,": ("email", "email_twice"),
    "known@h.test,Mia,,,": ("email", "already_member"),
    "suspended@h.test,Mia,,,": ("email", "already_member"),
    "left@h.test,Mia,,,": ("email", "left_before"),
    "closed@h.test,Mia,,,": ("email", "account_closed"),
    "b@h.test,,,,": ("name", "name_missing"),
    f"c@h.test,{'x' * 151},,,": ("name", "name_too_long"),
    "d@h.test,Mia,soon,,": ("start", "start_unreadable"),
    "e@h.test,Mia,2026-02-30,,": ("start", "start_unreadable"),
    "f@h.test,Mia,03/04/2026,,": ("start", "date_ambiguous"),
    "g@h.test,Mia,1912-01-01,,": ("start", "start_too_early"),
    "h@h.test,Mia,2027-01-01,,": ("start", "start_in_future"),
    "i@h.test,Mia,,many,": ("credits", "credits_not_a_number"),
    "j@h.test,Mia,,NaN,": ("credits", "credits_not_a_number"),
    "k@h.test,Mia,,1e9,": ("credits", "credits_not_a_number"),
    'l@h.test,Mia,,"1,000",': ("credits", "credits_ambiguous"),
    "m@h.test,Mia,,-5,": ("credits", "credits_negative"),
    "n@h.test,Mia,,2.555,": ("credits", "credits_too_precise"),
    "o@h.test,Mia,,1000001,": ("credits", "credits_too_many"),
    "p@h.test,Mia,,5,later": ("expiry", "expiry_unreadable"),
    "q@h.test,Mia,,5,2026-11-21": ("expiry", "expiry_past"),
    "r@h.test,Mia,,5,2099-01-01": ("expiry", "expiry_too_far"),
    "s@h.test,Mia,,,2026-12-31": ("expiry", "expiry_without_credits"),
    '"=HYPERLINK(""http://x"")",Mia,,,': ("email", "formula"),
    "t@h.test,@SUM(1),,,": ("name", "formula"),
    "u@h.test,+cmd|calc,,,": ("name", "formula"),
    "v@h.test,Mi\x07a,,,": ("name", "control_characters"),
    "w@h.test,Mi\u202ea,,,": ("name", "control_characters"),
    f"x@h.test,{'x' * 1001},,,": ("name", "cell_too_long"),
    "known@H.test,Mia,,,,Studio North": ("email", "email_twice"),
    "manager@h.test,Mia,,2,,Studio North": ("credits", "credits_of_a_member"),
    f"aa@h.test,Mia,,,,{'x' * 151}": ("company", "company_too_long"),
    "ab@h.test,Mia,,,,gone gmbh": ("company", "company_closed"),
    "ac@h.test,Mia,,,,Studio North,boss": ("role", "role_unknown"),
    "ad@h.test,Mia,,,,,manager": ("role", "role_without_company"),
    "manager2@h.test,Mia,,,,STUDIO NORTH,member": ("role", "is_manager_already"),
    "colleague@h.test,Mia,,,,studio north,manager": ("role", "is_member_already"),
    "ae@h.test,Mia,,,,,,Gold": ("plan", "plan_unknown"),
    "af@h.test,Mia,,,,,,old": ("plan", "plan_archived"),
    "planned@h.test,Mia,,,,,,flex": ("plan", "has_another_plan"),
    "coming@h.test,Mia,,,,,,flex": ("plan", "has_another_plan"),
    "ag@h.test,Mia,,,,,,,136695976": ("vat_number", "vat_number_invalid"),
    "ah@h.test,Mia,,,,Blue Door,,,DE136695976": None,
    "ai@h.test,Mia,,,,blue door,,,DK13585628": ("vat_number", "vat_number_differs"),
}


@pytest.fixture
def known_people(location):
    for email, state in (("known", "active"), ("suspended", "suspended"), ("left", "left")):
        MemberFactory(location=location, user__email=f"{email}@h.test", state=state)
    UserFactory(email="closed@h.test", is_active=False)
    office = Office(location)
    for email in ("manager", "manager2", "colleague", "planned", "coming"):
        CustomerFactory(member__location=location, member__user__email=f"{email}@h.test")
    for email, role in (("manager", "manager"), ("manager2", "manager"), ("colleague", "member")):
        member = Member.objects.get(user__email=f"{email}@h.test")
        put_in_company(company=office.company, member=member, role=role, by=None, at=NOON)
    gone = add_company(location=location, name="Gone GmbH", manager=None, by=None, at=NOON)
    close_company(company=gone, by=None, at=NOON)
    give_plan(customer_of("planned"), name="Resident")
    give_plan(customer_of("coming"), name="Founders")
    PlanAssignment.objects.filter(customer=customer_of("coming")).update(starts_on=LATER)
    give_plan(CustomerFactory(member__location=location), name="Flex")
    give_plan(CustomerFactory(member__location=location), name="Old")
    Plan.objects.filter(name="Old").update(archived_at=NOON)


def customer_of(name):
    return Customer.objects.get(member__user__email=f"{name}@h.test")


def test_the_dry_run_names_row_column_and_reason_of_every_error(location, admin, known_people):
    content = (HEADER + "\n".join(WRONG)).encode()
    job = upload_table(location=location, file_name="x.csv", content=content, by=admin, at=NOON)

    checked = check_import(member_import=job, columns=job.columns, send_invitations=False, at=NOON)

    expected = [(row, *why) for row, why in enumerate(WRONG.values(), start=2) if why]
    found = [(error["row"], error["field"], error["code"]) for error in checked.errors]
    assert found == expected
    assert checked.summary["wrong_rows"] == len(expected)
    # Every refusal that the code knows is proved here.
    assert {code for _row, _field, code in found} == set(CellRefused.WORDS)
    assert len(CellRefused.WORDS) >= 20
