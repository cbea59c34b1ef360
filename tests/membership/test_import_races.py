"""Companies and plans that change while an import runs; and what a dry run promises."""

from types import SimpleNamespace

import pytest
from django_scopes import scope
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.services import change_customer_details
from community.models import Member
from community.services.settings import version_of
from membership.models import MemberImport
from membership.services.companies import add_company, change_company_role, close_company
from membership.services.importing import (
    ImportRefused,
    check_import,
    refuse_import,
    run_import,
    start_import,
    upload_table,
)
from membership.services.leaving import remove_member
from membership.services.plans import archive_plan
from tests.factories import NOON, CustomerFactory, LocationFactory, RoleFactory
from tests.membership.office import Office, give_plan
from tests.racing import errors, race

HEADER = "Email,Name,Opening credits,Company,Role,Plan,VAT number\n"


def check(rows, location, admin):
    job = upload_table(
        location=location,
        file_name="x.csv",
        content=(HEADER + rows).encode(),
        by=admin,
        at=NOON,
    )
    return check_import(member_import=job, columns=job.columns, send_invitations=False, at=NOON)


@pytest.fixture
def it(location, admin):
    """Studio North, the plan Flex, and an import that speaks of them, ready to run."""
    office = Office(location)
    flex = give_plan(CustomerFactory(member__location=location), name="Flex").plan
    rows = (
        f"{office.cora.user.email},Cora,,Studio North,,flex\n"
        "mia@h.test,Mia,1,studio north,manager,flex,DE136695976\n"
        "ada@h.test,Ada,1,Blue Door,,\n"
    )
    job = start_import(member_import=check(rows, location, admin))
    return SimpleNamespace(office=office, flex=flex, admin=admin, location=location, job=job)


def give_number(customer, admin):
    return change_customer_details(
        customer=customer,
        names=("vat_number",),
        values={"vat_number": "ATU13585627"},
        seen=version_of({"vat_number": ""}),
        by=admin,
        at=NOON,
    )


CHANGES = {
    "company closed": lambda it: close_company(company=it.office.company, by=None, at=NOON),
    "plan archived": lambda it: archive_plan(plan_id=it.flex.pk, by=it.admin, at=NOON),
    "role changed": lambda it: change_company_role(
        place=it.office.place(it.office.cora), role="manager", by=None, at=NOON
    ),
    "member removed": lambda it: remove_member(member=it.office.cora, by=None, reason="", at=NOON),
    "company made": lambda it: add_company(
        location=it.location, name="blue door", manager=None, by=None, at=NOON
    ),
    "plan given": lambda it: give_plan(it.office.cora.customer, name="Resident"),
    "number given": lambda it: give_number(it.office.customer, it.admin),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_during_the_run_stops_all_of_it(it, change, invariants_hold):
    def in_between(_rows):
        assert errors(race(it.location, [lambda: CHANGES[change](it)])) == []

    with pytest.raises(ImportRefused) as refusal:
        run_import(member_import=it.job, at=NOON, progress=in_between)
    refuse_import(member_import=it.job, refusal=refusal.value, at=NOON)

    assert refusal.value.code == "import_overtaken"
    assert not Member.objects.filter(user__email="mia@h.test").exists()
    assert MemberImport.objects.get().state == MemberImport.State.FAILED
    invariants_hold()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", CHANGES)
def test_rivals_neither_deadlock_nor_leave_halves(it, change, invariants_hold):
    answers = race(
        it.location,
        [lambda: run_import(member_import=it.job, at=NOON), lambda: CHANGES[change](it)],
    )

    allowed = {"import_overtaken", "rows_wrong", "taken", "plan_overlaps", "changed_meanwhile"}
    assert {error.code for error in errors(answers)} <= allowed
    came_in = Member.objects.filter(user__email="mia@h.test").exists()
    assert came_in == (not isinstance(answers[0], Exception))
    invariants_hold()


# Letters whose small and capital forms don't pair one to one: long s, dotless i, sharp s, sigma.
NAMES = st.sampled_from(["Studio North", "studio north", "Wei\u00df", "WEISS"]) | st.text(
    "iI\u0130\u0131sS\u017f\u00df\u1e9e\u03a3\u03c3\u03c2\u00b5\u039c k\u212a",
    min_size=1,
    max_size=3,
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["carl@h.test", "cora@h.test", *(f"p{n}@h.test" for n in range(6))]),
        st.sampled_from(["", "1", "2.5"]),
        st.just("") | NAMES,
        st.sampled_from(["", "manager", "Member"]),
        st.sampled_from(["", "Flex", "FLEX"]),
        st.sampled_from(["", "DE136695976", "dk 13585628"]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[0],
)


class DryRunTest(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(ROWS)
    def test_one_without_errors_always_imports_what_it_counted(self, rows):
        location = LocationFactory()
        admin = RoleFactory(location=location).user
        with scope(location=location):
            office = Office(location)
            for member, name in ((office.carl, "carl"), (office.cora, "cora")):
                member.user.email = f"{name}@h.test"
                member.user.save()
            give_plan(office.cora.customer, name="Flex")
            job = check(
                "".join(f"{row[0]},Name,{','.join(row[1:])}\n" for row in rows), location, admin
            )
            if job.errors:
                return

            done = run_import(member_import=start_import(member_import=job), at=NOON)

            assert done.state == MemberImport.State.DONE
            told = {name: job.summary[name] for name in done.summary if name in job.summary}
            assert len(told) == 9
            assert told.items() <= done.summary.items()
