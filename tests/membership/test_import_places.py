"""What an import gives beside membership: places in companies, and plans."""

from datetime import timedelta
from decimal import Decimal

import pytest

from analytics.models import RevenueLine
from billing.models import Bill, BillItem
from community.models import AuditRecord, Company, CompanyMember, Customer, Member
from credits.models import Entry
from membership.models import PlanAssignment
from membership.services.companies import (
    add_company,
)
from membership.services.importing import (
    ImportRefused,
    check_import,
    run_import,
    start_import,
    upload_table,
)
from membership.tasks import import_members
from notifications.models import Notification
from tests.factories import NOON, CustomerFactory
from tests.membership.office import Office, give_plan

HEADER = "Email,Name,Opening credits,Company,Role,Plan\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def check(location, admin):
    def make(rows, header=HEADER):
        job = upload_table(
            location=location,
            file_name="people.csv",
            content=(header + rows).encode(),
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


@pytest.fixture
def flex(location):
    """A plan that somebody else has."""
    customer = CustomerFactory(member__location=location)
    values = {"price_minor": 10000, "monthly_credits": Decimal(5)}
    return give_plan(customer, name="Flex", **values).plan


def roles(company):
    places = CompanyMember.objects.filter(company__name=company).order_by("pk")
    return list(places.values_list("member__user__email", "role"))


def plans_of(email):
    mine = PlanAssignment.objects.filter(customer__member__user__email=email)
    return list(mine.order_by("pk").values_list("plan__name", flat=True))


def codes(job):
    return [(error["row"], error["field"], error["code"]) for error in job.errors]


def everything():
    models = (Member, Company, CompanyMember, Customer, PlanAssignment, Entry, Bill, RevenueLine)
    return [model.objects.count() for model in models]


def test_a_company_that_is_not_there_is_made_once(bring, admin):
    done = bring(
        "mia@h.test,Mia,,Blue Door,Manager,\n"
        "ada@h.test,Ada,,BLUE DOOR,,\n"
        "ben@h.test,Ben,,Red Roof,member,\n"
        "eva@h.test,Eva,,,,\n"
    )

    assert roles("Blue Door") == [("mia@h.test", "manager"), ("ada@h.test", "member")]
    assert roles("Red Roof") == [("ben@h.test", "member")]
    assert Customer.objects.filter(company__name="Blue Door").count() == 1
    assert not CompanyMember.objects.filter(may_use_card=True).exists()
    counted = {name: done.summary[name] for name in ("companies", "without_manager", "places")}
    assert counted == {"companies": 2, "without_manager": 1, "places": 3}
    assert AuditRecord.objects.filter(action="company added", user=admin).count() == 2
    assert AuditRecord.objects.filter(action="company member added", user=admin).count() == 3
    assert Notification.objects.count() == 0


def test_a_company_that_is_there_takes_more_people(bring, office):
    before = AuditRecord.objects.filter(action="company added").count()

    bring("mia@h.test,Mia,,studio NORTH,,\n")

    assert roles("Studio North")[-1] == ("mia@h.test", "member")
    assert AuditRecord.objects.filter(action="company added").count() == before


@pytest.mark.parametrize(("there", "written"), [("Ma\u017fter", "MASTER"), ("Ärzte", "ärzte")])
def test_names_are_the_same_where_the_database_says_so(bring, location, there, written):
    add_company(location=location, name=there, manager=None, by=None, at=NOON)

    bring(f"mia@h.test,Mia,,{written},,\n")

    assert roles(there) == [("mia@h.test", "member")]
    assert Company.objects.count() == 1


def test_names_that_differ_in_a_letter_are_two_companies(bring):
    bring("mia@h.test,Mia,,Weiss,,\nada@h.test,Ada,,Weiß,,\n")

    assert Company.objects.count() == 2


def test_a_plan_runs_from_today_on_without_the_bill(bring, flex, admin):
    done = bring("mia@h.test,Mia,,,,FLEX\n")

    assignment = PlanAssignment.objects.get(customer__member__user__email="mia@h.test")
    assert (assignment.plan, assignment.starts_on) == (flex, NOON.date())
    assert (assignment.ends_on, assignment.bill_enabled) == (None, False)
    assert (assignment.assigned_by, done.summary["plans"]) == (admin, 1)
    record = AuditRecord.objects.get(action="plan assigned", user=admin)
    assert record.after["plan"] == "Flex"


def test_the_plan_is_the_persons_even_with_a_company(bring, flex):
    bring("mia@h.test,Mia,,Blue Door,,Flex\n")

    assert plans_of("mia@h.test") == ["Flex"]
    assert not PlanAssignment.objects.filter(customer__company__name="Blue Door").exists()


def test_the_worker_begins_the_plans_with_fee_and_credits(
    check, flex, location, invariants_hold, monkeypatch
):
    monkeypatch.setattr("membership.tasks.now", lambda: NOON)
    monkeypatch.setattr("membership.tasks.note_rows_done", lambda **_: None)
    job = start_import(member_import=check("mia@h.test,Mia,3,Blue Door,,Flex\n"))

    for _twice in range(2):
        import_members(location_id=location.pk, import_id=job.pk)

    mine = {"customer__member__user__email": "mia@h.test"}
    bill = Bill.objects.get(state=Bill.State.ACTIVE, **mine)
    assert BillItem.objects.filter(bill=bill).count() == 1
    entries = Entry.objects.filter(wallet__customer__member__user__email="mia@h.test")
    assert list(entries.order_by("pk").values_list("reason", "credits")) == [
        ("imported", 3),
        ("plan", 5),
    ]
    invariants_hold()


def test_a_member_joins_a_company_and_gets_a_plan_by_a_later_table(bring, office, flex):
    bring("mia@h.test,Mia Holm,7,,,\n")
    people = Member.objects.count()

    done = bring("MIA@h.test,Another Name,,Studio North,manager,flex\n")

    mia = Member.objects.get(user__email="mia@h.test")
    assert roles("Studio North")[-1] == ("mia@h.test", "manager")
    assert (mia.user.name, plans_of("mia@h.test")) == ("Mia Holm", ["Flex"])
    assert Entry.objects.filter(wallet__customer__member=mia).count() == 1
    assert (done.summary["members"], done.summary["members_already"]) == (0, 1)
    assert Member.objects.count() == people


def test_the_same_rows_in_another_file_change_nothing(bring, flex):
    rows = "mia@h.test,Mia,,Blue Door,manager,Flex\nada@h.test,Ada,,blue door,,Flex\n"
    bring(rows)
    before = everything()

    done = bring(rows.replace("Mia", "Mia "))

    assert everything() == before
    assert [done.summary[name] for name in ("companies", "places", "plans")] == [0, 0, 0]


def test_the_same_rows_with_credits_are_refused(bring, check, flex):
    rows = "mia@h.test,Mia,5,Blue Door,manager,Flex\nada@h.test,Ada,,,,\n"
    bring(rows)
    before = everything()

    again = check(rows.replace("Ada", "Ada "))

    assert codes(again) == [
        (2, "credits", "credits_of_a_member"),
        (3, "email", "already_member"),
    ]
    assert everything() == before


def test_a_place_keeps_its_role_and_permissions(bring, check, office):
    office.permit(office.cora, card=True)
    carl, cora = office.carl.user.email, office.cora.user.email

    bring(f"{carl},Carl,,Studio North,,\n{cora},Cora,,Studio North,member,\n")

    assert [role for _email, role in roles("Studio North")] == ["manager", "member"]
    assert office.place(office.cora).may_use_card


def test_errors_name_what_they_speak_of(check, office, flex):
    carl = office.carl.user.email
    give_plan(office.cora.customer, name="Resident")

    job = check(f"{carl},Carl,,studio north,member,\n{office.cora.user.email},Cora,,,,flex\n")

    assert codes(job) == [(2, "role", "is_manager_already"), (3, "plan", "has_another_plan")]
    assert [error["name"] for error in job.errors] == ["Studio North", "Resident"]


def test_a_coming_plan_that_was_withdrawn_stands_in_no_way(bring, flex, office):
    coming = give_plan(office.cora.customer, name="Resident")
    later = NOON.date() + timedelta(days=30)
    PlanAssignment.objects.filter(pk=coming.pk).update(starts_on=later, ends_on=later)

    bring(f"{office.cora.user.email},Cora,,,,flex\n")

    assert plans_of(office.cora.user.email)[-1] == "Flex"


def test_a_wrong_row_keeps_all_of_it_out(check, flex):
    before = everything()

    job = check("mia@h.test,Mia,,Blue Door,manager,Flex\nada@h.test,Ada,,,,Gold\n")

    assert codes(job) == [(3, "plan", "plan_unknown")]
    with pytest.raises(ImportRefused, match="the table has errors"):
        start_import(member_import=job)
    assert everything() == before


def test_the_dry_run_counts_what_will_be_made(check, office, flex):
    before = everything()

    job = check("mia@h.test,Mia,,Blue Door,,Flex\nada@h.test,Ada,,studio north,manager,\n")

    facts = ("companies", "without_manager", "places", "plans", "members_already")
    assert [job.summary[name] for name in facts] == [1, 1, 2, 1, 0]
    assert everything() == before


def test_credits_of_an_import_are_still_no_sale(bring, flex):
    lines = RevenueLine.objects.count()

    bring("mia@h.test,Mia,12,Blue Door,manager,\n")

    assert RevenueLine.objects.count() == lines
    assert Notification.objects.filter(user__email="mia@h.test").count() == 0
