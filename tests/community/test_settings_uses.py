"""Settings > Location: what credits are good for, which members read on their Credits page."""

import pytest
from django.urls import reverse

from credits.models import CreditUse
from credits.services.uses import MAX_USES
from tests.community.settings_pages import LOCATION, address, audited, error_at, filled, words
from tests.factories import LocationFactory

DESK = {"name": "Hot desk, a day", "credits": "4", "icon": "lamp-desk"}


@pytest.fixture
def three(location):
    return [
        CreditUse.objects.create(location=location, name=name, credits=1, position=place)
        for place, name in enumerate(["Desk", "Room", "Print"], start=1)
    ]


def in_order():
    return [use.name for use in CreditUse.objects.order_by("position")]


def test_what_an_admin_adds_a_member_reads(location, admin, mia, signed_in):
    response = signed_in(admin).post(address(location, "add_credit_use"), DESK, follow=True)
    read = signed_in(mia.user).get(reverse("membership:credits", args=[location.slug]))

    assert "Hot desk, a day" in words(response)
    assert "Hot desk, a day" in words(read)
    assert audited() == [("credit use added", {}, DESK)]


def test_a_dialog_that_htmx_sends_leaves_for_the_list(location, admin, signed_in):
    response = signed_in(admin).post(
        address(location, "add_credit_use"), DESK, headers={"hx-request": "true"}
    )

    assert response.headers["HX-Redirect"] == address(location, LOCATION)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 81, "at most 80 characters"),
        ("name", "Desk\x00", "Null characters are not allowed."),
        ("credits", "", "This field is required."),
        ("credits", "0", "Enter a number above 0."),
        ("credits", "-2", "Enter a number above 0."),
        ("credits", "0.001", "at most two decimal places"),
        ("credits", "9" * 20, "Enter at most 1000000 credits."),
        ("icon", "skull", "Select a valid choice."),
        ("icon", "", "This field is required."),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_at_its_field(
    location, admin, signed_in, field, value, message
):
    response = signed_in(admin).post(address(location, "add_credit_use"), DESK | {field: value})

    assert message in error_at(response, f"use_{field}")
    assert not CreditUse.objects.exists()


def test_a_list_is_at_most_so_long(location, admin, signed_in):
    for number in range(MAX_USES):
        CreditUse.objects.create(location=location, name=f"Desk {number}", credits=1)

    response = signed_in(admin).post(address(location, "add_credit_use"), DESK)

    assert "Remove one first." in words(response)
    assert CreditUse.objects.count() == MAX_USES


def test_a_use_is_worded_anew(location, admin, signed_in, three):
    browser = signed_in(admin)
    fields = filled(browser, location, "edit_credit_use", three[0].pk)

    browser.post(address(location, "edit_credit_use", three[0].pk), fields | {"name": "Hot desk"})

    assert in_order() == ["Hot desk", "Room", "Print"]
    assert audited() == [("credit use changed", {"name": "Desk"}, {"name": "Hot desk"})]


def test_a_symbol_that_is_not_in_the_list_can_be_kept(location, admin, signed_in):
    use = CreditUse.objects.create(location=location, name="Boat", credits=9, icon="sailboat")
    browser = signed_in(admin)
    fields = filled(browser, location, "edit_credit_use", use.pk)

    browser.post(address(location, "edit_credit_use", use.pk), fields | {"credits": "10"})

    use.refresh_from_db()
    assert (use.icon, use.credits) == ("sailboat", 10)


def test_of_two_admins_the_second_is_told(location, admin, signed_in, three):
    browser = signed_in(admin)
    fields = filled(browser, location, "edit_credit_use", three[0].pk)
    CreditUse.objects.filter(pk=three[0].pk).update(name="Theirs")

    response = browser.post(
        address(location, "edit_credit_use", three[0].pk), fields | {"name": "Mine"}
    )

    assert "Saved now: Theirs" in words(response)
    assert "Yours: Mine" in words(response)
    assert in_order()[0] == "Theirs"


def test_a_removed_use_is_gone_and_the_others_close_up(location, admin, signed_in, three):
    browser = signed_in(admin)

    browser.post(address(location, "remove_credit_use", three[1].pk))
    again = browser.post(address(location, "remove_credit_use", three[1].pk))

    assert again.status_code == 404
    assert [(use.name, use.position) for use in CreditUse.objects.order_by("pk")] == [
        ("Desk", 1),
        ("Print", 2),
    ]


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ("0", ["Print", "Desk", "Room"]),
        ("1", ["Desk", "Print", "Room"]),
        ("99", ["Desk", "Room", "Print"]),
    ],
)
def test_a_moved_use_takes_its_place(location, admin, signed_in, three, place, order):
    response = signed_in(admin).post(
        address(location, "move_credit_use", three[2].pk), {"to": place}
    )

    assert response.url == f"{address(location, LOCATION)}#handle-{three[2].pk}"
    assert in_order() == order


def test_the_script_of_the_page_moves_without_leaving_it(location, admin, signed_in, three):
    response = signed_in(admin).post(
        address(location, "move_credit_use", three[0].pk),
        {"to": "2"},
        headers={"x-requested-with": "fetch"},
    )

    assert response.status_code == 204
    assert in_order() == ["Room", "Print", "Desk"]
    assert audited() == [("credit use moved", {"position": 1}, {"position": 3})]


@pytest.mark.parametrize("place", ["-1", "", "x", "9" * 20])
def test_no_use_moves_to_a_place_that_is_none(location, admin, signed_in, three, place):
    response = signed_in(admin).post(
        address(location, "move_credit_use", three[2].pk), {"to": place}
    )

    assert response.status_code == 400
    assert in_order() == ["Desk", "Room", "Print"]


@pytest.mark.parametrize("name", ["edit", "remove", "move"])
def test_a_use_of_another_location_is_not_found(location, admin, signed_in, name):
    foreign = CreditUse.objects.create(location=LocationFactory(), name="Desk", credits=1)

    response = signed_in(admin).post(
        address(location, f"{name}_credit_use", foreign.pk), DESK | {"to": "0"}
    )

    assert response.status_code == 404


def test_staff_and_members_change_nothing(location, staff, mia, signed_in, three):
    for user in (staff, mia.user):
        browser = signed_in(user)
        answers = [
            browser.post(address(location, "add_credit_use"), DESK),
            browser.get(address(location, "edit_credit_use", three[0].pk)),
            browser.post(address(location, "remove_credit_use", three[0].pk)),
            browser.post(address(location, "move_credit_use", three[0].pk), {"to": "2"}),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4

    assert in_order() == ["Desk", "Room", "Print"]
