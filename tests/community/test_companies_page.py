import pytest
from django.urls import reverse

from community.models import Company, CompanyMember
from credits.models import Wallet
from membership.services.companies import add_company, close_company, put_in_company
from membership.services.leaving import leave_location
from tests.dialogs import asks_first
from tests.factories import NOON, CompanyFactory, CustomerFactory, LocationFactory, company_of

TABS = ["company", "company_credits", "company_payments"]


@pytest.fixture
def studio(mia):
    return company_of(mia, name="Studio North")


@pytest.fixture
def theo(location):
    return CustomerFactory(
        member__location=location,
        member__user__name="Theo Night",
        member__user__email="theo@h.test",
    ).member


def at(location, name, *args):
    return reverse(f"community:{name}", args=[location.slug, *args])


def words(response):
    return response.content.decode().replace("&#x27;", "'")


def listed(response):
    return [company.name for company in response.context["page"]]


def test_staff_see_the_companies_with_people_and_balance(
    location, staff, studio, theo, add_credits, signed_in
):
    put_in_company(company=studio, member=theo, by=None, at=NOON)
    add_credits(studio, "42.5")
    company_of(theo, name="aurora")

    response = signed_in(staff).get(at(location, "companies"))

    assert listed(response) == ["aurora", "Studio North"]
    north = response.context["page"][1]
    assert (north.people_count, north.balance) == (2, 42.5)
    assert "Add company" not in words(response)
    assert '<span class="num rounded-full' in words(response)


def test_companies_are_found_by_name_and_state(location, admin, studio, theo, signed_in):
    close_company(company=company_of(theo, name="Tideline"), by=None, at=NOON)
    browser = signed_in(admin)

    assert listed(browser.get(at(location, "companies"), {"q": "north"})) == ["Studio North"]
    assert listed(browser.get(at(location, "companies"), {"state": "closed"})) == ["Tideline"]
    nothing = browser.get(at(location, "companies"), {"q": "moon"})
    assert "No company matches “moon”." in words(nothing)
    assert browser.get(at(location, "companies"), {"state": "nonsense"}).status_code == 200


def test_a_state_without_companies_and_no_companies_at_all_say_so(location, admin, mia, signed_in):
    browser = signed_in(admin)
    assert "No companies yet" in words(browser.get(at(location, "companies")))

    company_of(mia)
    page = words(browser.get(at(location, "companies"), {"state": "closed"}))
    assert "No company in the state “Closed”." in page


def test_companies_of_another_location_are_not_there(location, admin, signed_in):
    CompanyFactory(location=LocationFactory(), name="Far away")

    assert listed(signed_in(admin).get(at(location, "companies"))) == []


def test_an_admin_adds_a_company_with_its_manager(location, admin, mia, signed_in):
    response = signed_in(admin).post(
        at(location, "add_company"), {"name": "Studio North", "member": "mia@h.test"}
    )

    company = Company.objects.get()
    assert response.url == at(location, "company", company.pk)
    assert CompanyMember.objects.get().member == mia


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 151}, "at most 150 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"name": "studio NORTH"}, "There is a company of this name already."),
        ({"name": "New", "member": "nobody@h.test"}, "No active member is found by this."),
        ({"name": "New", "member": "h.test"}, "More than one member is found by this."),
        ({"name": "New", "member": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_no_company_is_added(
    location, admin, studio, theo, signed_in, values, said
):
    response = signed_in(admin).post(at(location, "add_company"), values)

    assert said in words(response)
    assert Company.objects.count() == 1


@pytest.mark.parametrize("name", TABS)
def test_staff_read_every_section_of_a_company(location, staff, studio, signed_in, name):
    response = signed_in(staff).get(at(location, name, studio.pk))

    assert "Studio North" in words(response)
    for section in ("Overview", "Credits", "Payments"):
        assert f">{section}</a>" in words(response)
    for action in ("Add member", "Rename", "Close company", ">Give<", ">Remove<"):
        assert action not in words(response)


@pytest.mark.parametrize("name", TABS)
def test_what_is_not_there_is_not_found(location, admin, signed_in, name):
    browser = signed_in(admin)

    assert browser.get(at(location, name, 10**30)).status_code == 404
    far = CompanyFactory(location=LocationFactory())
    assert browser.get(at(location, name, far.pk)).status_code == 404


def test_an_admin_puts_in_promotes_and_removes(location, admin, studio, theo, signed_in):
    browser = signed_in(admin)

    page = browser.post(
        at(location, "add_company_member", studio.pk),
        {"member": "theo", "role": "member"},
        follow=True,
    )
    assert "Theo Night is in the company now." in words(page)
    place = CompanyMember.objects.get(member=theo)
    browser.post(at(location, "change_company_role", studio.pk, place.pk), {"role": "manager"})
    place.refresh_from_db()
    assert place.is_manager
    removal = at(location, "remove_company_member", studio.pk, place.pk)
    assert asks_first(page, removal)
    browser.post(removal)
    assert not CompanyMember.objects.filter(member=theo).exists()


def test_the_last_manager_s_rule_is_said_at_the_place(location, admin, studio, mia, signed_in):
    place = CompanyMember.objects.get(member=mia)
    browser = signed_in(admin)

    for refused in (
        browser.post(at(location, "remove_company_member", studio.pk, place.pk)),
        browser.post(at(location, "change_company_role", studio.pk, place.pk), {"role": "member"}),
    ):
        assert "Studio North would be left without a manager." in words(refused)
        assert 'role="alert"' in words(refused)
    assert CompanyMember.objects.get().is_manager


def test_who_is_in_it_already_is_named(location, admin, studio, signed_in):
    response = signed_in(admin).post(
        at(location, "add_company_member", studio.pk), {"member": "mia@h.test", "role": "member"}
    )

    assert "They belong to this company already." in words(response)


def test_nobody_is_moved_by_the_address_of_another_company(
    location, admin, studio, mia, theo, signed_in
):
    other = company_of(theo)
    place = CompanyMember.objects.get(member=mia)

    response = signed_in(admin).post(at(location, "remove_company_member", other.pk, place.pk))

    assert response.status_code == 404


def test_an_admin_renames(location, admin, studio, theo, signed_in):
    company_of(theo, name="Tideline")
    browser = signed_in(admin)

    taken = browser.post(at(location, "rename_company", studio.pk), {"name": "TIDELINE"})
    assert "There is a company of this name already." in words(taken)
    browser.post(at(location, "rename_company", studio.pk), {"name": "Studio South"})

    studio.refresh_from_db()
    assert studio.name == "Studio South"


def test_an_admin_gives_and_deducts_and_all_are_told(location, admin, studio, mia, signed_in):
    browser = signed_in(admin)
    for action, credits in (("give", "5"), ("deduct", "2")):
        key = "018f0000-0000-7000-8000-00000000000a"
        values = {"credits": credits, "reason": "Welcome", "key": key}
        response = browser.post(
            at(location, f"{action}_company_credits", studio.pk),
            {f"{action}-{name}": value for name, value in values.items()},
        )
        assert response.url == at(location, "company_credits", studio.pk)

    assert Wallet.objects.get(customer=studio.customer).balance == 3
    told = words(signed_in(mia.user).get(reverse("notifications:list", args=[location.slug])))
    assert "5 credits given to Studio North" in told
    assert "2 credits of Studio North deducted" in told
    theirs = reverse("membership:company_credits", args=[location.slug, studio.pk])
    assert told.count(f'href="{theirs}">') == 2


def test_closing_says_what_happens_and_reopening_takes_it_back(
    location, admin, studio, add_credits, signed_in
):
    add_credits(studio, "40")
    browser = signed_in(admin)

    page = words(browser.get(at(location, "close_company", studio.pk)))
    for said in (
        "No bill is issued",
        "no plan to end",
        "No card is saved",
        "40 credits",
        "1 perso",
    ):
        assert said in page
    closed = browser.post(at(location, "close_company", studio.pk), follow=True)
    assert "This company is closed." in words(closed)
    assert "Add member" not in words(closed)
    again = browser.post(at(location, "close_company", studio.pk))
    assert "This company is closed. Reopen it first." in words(again)
    assert browser.get(at(location, "close_company", studio.pk)).status_code == 302

    reopened = browser.post(at(location, "reopen_company", studio.pk), follow=True)
    assert "Studio North is open again." in words(reopened)
    assert "This company is closed." not in words(reopened)


def test_a_company_that_reopens_without_a_manager_says_so(
    location, admin, studio, mia, theo, signed_in
):
    put_in_company(company=studio, member=theo, by=None, at=NOON)
    close_company(company=studio, by=None, at=NOON)
    leave_location(member=mia, at=NOON)
    browser = signed_in(admin)
    lacking = "Studio North has no manager."

    assert lacking not in words(browser.get(at(location, "company", studio.pk)))
    reopened = browser.post(at(location, "reopen_company", studio.pk), follow=True)
    assert lacking in words(reopened)
    CompanyMember.objects.update(role="manager")
    assert lacking not in words(browser.get(at(location, "company", studio.pk)))


def test_a_member_s_overview_lists_their_companies(location, staff, studio, mia, theo, signed_in):
    browser = signed_in(staff)

    page = words(browser.get(at(location, "member", mia.pk)))
    assert f'href="{at(location, "company", studio.pk)}">Studio North</a>' in page
    assert "<td>Manager</td>" in page.replace(' role="cell"', "")
    assert "Studio North" not in words(browser.get(at(location, "member", theo.pk)))


def test_more_companies_and_people_ask_no_more_of_the_database(
    location, admin, studio, add_credits, signed_in, django_assert_max_num_queries
):
    browser = signed_in(admin)
    pages = [at(location, "companies"), at(location, "company", studio.pk)]
    counts = []
    for page in pages:
        browser.get(page)
        with django_assert_max_num_queries(20) as few:
            browser.get(page)
        counts.append(len(few))
    for number in range(26):
        member = CustomerFactory(member__location=location).member
        put_in_company(company=studio, member=member, by=None, at=NOON)
        company = add_company(
            location=location, name=f"Other {number}", manager=member, by=None, at=NOON
        )
        add_credits(company)

    for page, count in zip(pages, counts, strict=True):
        with django_assert_max_num_queries(count):
            response = browser.get(page)
        assert "1–25 of 27" in words(response)
