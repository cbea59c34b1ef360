"""Members, companies, options and plans, changed at the desk by whoever may at the location."""

import pytest
from django.urls import reverse
from django_scopes import scope

from community.desk.rows import ReadOnly
from community.desk.site import desk as desk_site
from community.models import AuditRecord, Company, CompanyMember, Member
from credits.models import CreditOption
from membership.models import Plan
from notifications.models import Notification
from tests.factories import (
    CustomerFactory,
    OptionFactory,
    PlanFactory,
    RoleFactory,
    company_of,
    with_second_factor,
)

pytestmark = pytest.mark.django_db

ADMINS_ACTS = [
    (f"{model._meta.app_label}_{model._meta.model_name}", act.name)
    for model, page in desk_site._registry.items()
    if isinstance(page, ReadOnly)
    for act in page.acts
    if act.admins_only
]


@pytest.fixture
def office(signed_in, admin):
    """The browser of the location's admin."""
    return signed_in(with_second_factor(admin))


@pytest.fixture
def rows(location, mia):
    """One of each, open and closed."""
    studio = company_of(mia, name="Studio North")
    return {
        "community_member": mia,
        "community_company": studio,
        "community_companymember": CompanyMember.objects.get(company=studio),
        "credits_creditoption": OptionFactory(location=location, credits=10, price_minor=1000),
        "membership_plan": PlanFactory(location=location, name="Flex"),
    }


def do(browser, page, row, act, **send):
    return browser.post(reverse(f"admin:{page}_{act}", args=[row.pk]), send)


def page_of(browser, page, row):
    return browser.get(reverse(f"admin:{page}_change", args=[row.pk])).text


def test_an_options_price_changes_and_its_page_says_who_changed_what(office, rows, admin):
    option = rows["credits_creditoption"]
    sent = {"credits": "10", "price": "12.50", "expiry_months": ""}

    assert do(office, "credits_creditoption", option, "edit", **sent).status_code == 302

    option.refresh_from_db()
    assert option.price_minor == 1250
    record = AuditRecord.objects.get(action="option changed")
    assert (record.user, record.subject) == (admin, f"credit option {option.pk}")
    page = page_of(office, "credits_creditoption", option)
    assert "Option changed" in page
    assert "Nora Lind" in page
    assert "price: €10.00 → €12.50" in page


def test_what_cant_be_is_said_at_its_field_and_changes_nothing(office, rows, location):
    with scope(location=location):
        PlanFactory(location=location, name="Resident")
    plan, studio = rows["membership_plan"], rows["community_company"]
    sent = {"name": "resident", "price": "nothing"}

    wrong = do(office, "membership_plan", plan, "edit", **sent)
    taken = do(office, "membership_plan", plan, "edit", **sent | {"price": "100"})
    nameless = do(office, "community_company", studio, "rename", name="")

    assert wrong.context["form"].errors["price"]
    assert taken.context["form"].errors == {"name": ["There is a plan of this name already."]}
    assert nameless.context["form"].errors["name"]
    assert Plan.objects.get(pk=plan.pk).name == "Flex"
    assert Company.objects.get(pk=studio.pk).name == "Studio North"


def test_options_and_plans_are_archived_and_brought_back_for_a_reason(office, rows):
    for page in ("credits_creditoption", "membership_plan"):
        row = rows[page]
        assert do(office, page, row, "archive").status_code == 200
        do(office, page, row, "archive", reason="Nobody bought it")
        row.refresh_from_db()
        assert row.archived_at
        do(office, page, row, "bring-back", reason="Asked for")
        row.refresh_from_db()
        assert row.archived_at is None
        assert "Nobody bought it" in page_of(office, page, row)


def test_a_member_is_suspended_comes_back_and_leaves(office, rows, mia):
    do(office, "community_member", mia, "suspend", reason="Lent their key")
    mia.refresh_from_db()
    assert mia.state == Member.State.SUSPENDED
    assert Notification.objects.get(kind="member_suspended").facts["reason"] == "Lent their key"

    do(office, "community_member", mia, "reactivate", reason="Sorted out")
    again = do(office, "community_member", mia, "reactivate", reason="Sorted out")
    last = do(office, "community_member", mia, "remove", reason="Moved away")

    assert again.status_code == 302
    assert "would be left without a manager" in last.text  # they manage a company
    mia.refresh_from_db()
    assert mia.state == Member.State.ACTIVE


def test_a_company_gets_a_name_people_and_an_end(office, rows, location):
    studio, place = rows["community_company"], rows["community_companymember"]
    other = CustomerFactory(member__location=location).member
    email = other.user.email

    do(office, "community_company", studio, "rename", name="Studio South")
    do(office, "community_company", studio, "put-in", member=email, role="member")
    last = do(office, "community_companymember", place, "role", role="member")
    assert "would be left without a manager" in last.text
    newcomer = CompanyMember.objects.get(member=other)
    do(office, "community_companymember", newcomer, "role", role="manager")
    gone = do(office, "community_companymember", place, "take-out", reason="Works elsewhere")
    do(office, "community_company", studio, "close", reason="Bankrupt")

    studio.refresh_from_db()
    assert (studio.name, studio.state) == ("Studio South", "closed")
    assert gone["Location"] == reverse("admin:community_companymember_changelist")
    assert not CompanyMember.objects.filter(pk=place.pk).exists()
    page = page_of(office, "community_company", studio)
    for words in ("name: Studio North → Studio South", "Bankrupt", "Works elsewhere"):
        assert words in page
    do(office, "community_company", studio, "reopen", reason="Bought")
    assert Company.objects.get(pk=studio.pk).is_open


@pytest.mark.parametrize(("listing", "act"), ADMINS_ACTS)
def test_staff_and_other_locations_change_none_of_it(listing, act, signed_in, staff, rows):
    row, desk = rows[listing], signed_in(with_second_factor(staff))
    url = reverse(f"admin:{listing}_{act}", args=[row.pk])
    before = type(row).objects.filter(pk=row.pk).values().get()

    assert url not in page_of(desk, listing, row)
    for answer in (desk.get(url), desk.post(url, {"reason": "x", "name": "x"})):
        assert answer.status_code == 403
    stranger = RoleFactory().user
    hidden = signed_in(with_second_factor(stranger)).post(url, {"reason": "x", "name": "x"})

    assert hidden.status_code == 404
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_its_whole_history_is_in_the_audit(office, rows):
    option = rows["credits_creditoption"]
    do(office, "credits_creditoption", option, "archive", reason="Nobody bought it")

    answer = office.get(
        reverse("admin:credits_creditoption_history", args=[option.pk]), follow=True
    )

    listed = list(answer.context["cl"].result_list)
    assert [record.action for record in listed] == ["admin: archive", "option archived"]
    assert CreditOption.objects.get(pk=option.pk).archived_at
