import pytest
from django.urls import reverse

from community.models import Member
from tests.factories import CustomerFactory


@pytest.fixture
def page(location):
    return reverse("community:members", args=[location.slug])


def words(response):
    return response.content.decode()


def names(response):
    return [str(member) for member in response.context["page"]]


def join(location, name, **member):
    return CustomerFactory(
        member__location=location,
        member__user__name=name,
        **{f"member__{key}": value for key, value in member.items()},
    ).member


def test_staff_see_members_by_name_with_their_balance(
    page, location, staff, mia, add_credits, signed_in
):
    join(location, "ada Okafor")
    add_credits(mia, "42.50")

    response = signed_in(staff).get(page)

    assert names(response) == ["ada Okafor", "Mia Holm"]
    assert ">42.5</td>" in words(response)
    assert ">0</td>" in words(response)
    assert "Credit Options" in words(response)


@pytest.mark.parametrize("search", ["holm", "MIA h", "mia@h.test", "holm mia"])
def test_a_search_finds_names_and_addresses(page, location, admin, mia, signed_in, search):
    join(location, "Ada Okafor")

    response = signed_in(admin).get(page, {"q": search})

    assert names(response) == ["Mia Holm"]


def test_a_search_without_result_can_be_cleared(page, admin, mia, signed_in):
    response = signed_in(admin).get(page, {"q": "holmm"})

    assert "No member matches “holmm”." in words(response)
    assert "Clear search" in words(response)


def test_words_of_a_search_are_escaped(page, admin, mia, signed_in):
    response = signed_in(admin).get(page, {"q": "<script>%_"})

    assert "<script>%" not in words(response)
    assert "“&lt;script&gt;%_”" in words(response)


def test_names_are_escaped(page, location, admin, signed_in):
    join(location, "<img src=x onerror=alert(1)>")

    response = signed_in(admin).get(page)

    assert "<img" not in words(response)
    assert "&lt;img" in words(response)


@pytest.mark.parametrize("search", ["x" * 101, "a\x00b"])
def test_a_search_that_makes_no_sense_is_said_at_its_field(page, admin, mia, signed_in, search):
    response = signed_in(admin).get(page, {"q": search})

    assert response.status_code == 200
    assert 'id="id_q_error"' in words(response)


def test_the_list_can_be_narrowed_to_a_state(page, location, admin, mia, signed_in):
    join(location, "Sofia Varga", state=Member.State.SUSPENDED)

    suspended = signed_in(admin).get(page, {"state": "suspended"})
    left = signed_in(admin).get(page, {"state": "left"})

    assert names(suspended) == ["Sofia Varga"]
    assert "No member in the state “Left”." in words(left)


def test_the_list_has_pages_that_keep_the_search(page, location, admin, signed_in):
    for number in range(27):
        join(location, f"Holm {number:02}")

    first = signed_in(admin).get(page, {"q": "holm"})
    second = signed_in(admin).get(page, {"q": "holm", "page": "2"})

    assert len(names(first)) == 25
    assert "?q=holm&amp;page=2" in words(first)
    assert names(second) == ["Holm 25", "Holm 26"]


def test_an_empty_location_says_so(page, admin, signed_in):
    assert "No members yet" in words(signed_in(admin).get(page))


def test_members_of_other_locations_are_not_listed(page, admin, mia, signed_in):
    stranger = CustomerFactory().member

    assert str(stranger) not in words(signed_in(admin).get(page))


def test_members_do_not_see_each_other(page, mia, signed_in):
    assert signed_in(mia.user).get(page).status_code == 403


def test_outsiders_read_that_they_are_not_members(page, outsider, signed_in):
    response = signed_in(outsider).get(page)

    assert response.status_code == 403
    assert "You aren&#x27;t a member of Harbour Loft" in words(response) or (
        "You aren't a member of Harbour Loft" in words(response)
    )


def test_the_list_asks_no_more_of_the_database_for_more_members(
    page, location, admin, add_credits, signed_in, django_assert_max_num_queries
):
    browser = signed_in(admin)
    for number in range(3):
        add_credits(join(location, f"Person {number}"))
    browser.get(page)
    with django_assert_max_num_queries(13) as few:
        browser.get(page)
    for number in range(22):
        add_credits(join(location, f"Other {number}"))

    with django_assert_max_num_queries(len(few)):
        response = browser.get(page)

    assert len(names(response)) == 25
