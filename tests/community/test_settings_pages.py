"""What is true of every settings page: who may open it, and what bad input does there."""

import pytest

from credits.models import CreditUse
from tests.community.settings_pages import (
    BILLING,
    LOCATION,
    PAGES,
    POLICY,
    TAX,
    address,
    audited,
    error_at,
    filled,
    words,
)
from tests.factories import OptionFactory, RoleFactory

ENORMOUS = "9" * 1024 * 1024


@pytest.mark.parametrize("tab", PAGES)
def test_an_admin_opens_each_page(location, admin, signed_in, tab):
    response = signed_in(admin).get(address(location, tab))

    assert response.status_code == 200
    assert '<h1 class="h-page mb-3">Settings</h1>' in words(response)
    assert 'aria-current="page"' in words(response)


@pytest.mark.parametrize("tab", ["settings", *PAGES])
def test_staff_and_members_open_none(location, staff, mia, signed_in, tab):
    for user in (staff, mia.user):
        browser = signed_in(user)
        assert browser.get(address(location, tab)).status_code == 403
        assert browser.post(address(location, tab), {}).status_code in {403, 405}
        assert ">Settings</a>" not in words(browser.get(f"/{location.slug}/"))


def test_settings_leads_to_the_location(location, admin, signed_in):
    browser = signed_in(admin)

    response = browser.get(address(location, "settings"))

    assert response.url == address(location, LOCATION)
    assert "Settings</a>" in words(browser.get(f"/{location.slug}/"))


@pytest.mark.parametrize("tab", [LOCATION, BILLING, TAX, POLICY])
def test_saving_what_is_saved_writes_nothing(location, admin, signed_in, tab):
    browser = signed_in(admin)

    response = browser.post(address(location, tab), filled(browser, location, tab))

    assert response.status_code == 302
    assert audited() == []


@pytest.mark.parametrize(
    ("tab", "field", "value", "message"),
    [
        (LOCATION, "name", "", "This field is required."),
        (LOCATION, "name", " \t ", "This field is required."),
        (LOCATION, "name", "\u202e\u202e", "This field is required."),
        (LOCATION, "name", "Loft\x00", "Null characters are not allowed."),
        (LOCATION, "name", ENORMOUS, "at most 100 characters"),
        (LOCATION, "locale", "xx", "Select a valid choice."),
        (LOCATION, "locale", "", "This field is required."),
        (LOCATION, "time_zone", "Mars/Olympus", "Choose a time zone from the list"),
        (LOCATION, "time_zone", "../../etc/passwd", "Choose a time zone from the list"),
        (LOCATION, "time_zone", ENORMOUS, "Choose a time zone from the list"),
        (LOCATION, "time_zone", "", "This field is required."),
        (LOCATION, "currency", "XXX", "Select a valid choice."),
        (BILLING, "legal_name", ENORMOUS, "at most 200 characters"),
        (BILLING, "address", ENORMOUS, "at most 500 characters"),
        (BILLING, "address", "Pier 1\x00", "Null characters are not allowed."),
        (BILLING, "document_footer", ENORMOUS, "at most 1000 characters"),
        (BILLING, "vat_number", "1" * 41, "at most 40 characters"),
        (BILLING, "document_prefix", "H L", "Use letters A to Z and digits only."),
        (BILLING, "document_prefix", "<b>", "Use letters A to Z and digits only."),
        (BILLING, "document_prefix", "TOOLONGONE", "at most 8 characters"),
        (BILLING, "payment_terms_days", "", "This field is required."),
        (BILLING, "payment_terms_days", "-1", "greater than or equal to 0"),
        (BILLING, "payment_terms_days", "366", "less than or equal to 365"),
        (BILLING, "payment_terms_days", ENORMOUS, "Enter a whole number."),
        (BILLING, "reminder_days", "three", "Enter days with commas between them"),
        (BILLING, "reminder_days", "3, -1", "Enter days with commas between them"),
        (BILLING, "reminder_days", "0", "Reminders go out 1 to 90 days"),
        (BILLING, "reminder_days", "3, 91", "Reminders go out 1 to 90 days"),
        (BILLING, "reminder_days", "3, 3", "Name each day once, the earliest first."),
        (BILLING, "reminder_days", "10, 3", "Name each day once, the earliest first."),
        (BILLING, "reminder_days", ", ".join(map(str, range(1, 12))), "at most 10 reminders"),
        (BILLING, "reminder_days", ENORMOUS, "Enter days with commas between them"),
        (BILLING, "next_receipt", "0", "greater than or equal to 1"),
        (BILLING, "next_receipt", ENORMOUS, "Enter a whole number."),
        (TAX, "tax_name", "", "Name the tax that members pay."),
        (TAX, "tax_name", "x" * 31, "at most 30 characters"),
        (TAX, "tax_percent", "", "This field is required."),
        (TAX, "tax_percent", "100", "Enter a percentage below 100."),
        (TAX, "tax_percent", "-1", "Enter 0 or a number above it."),
        (TAX, "tax_percent", "7.125", "at most two decimal places"),
        (TAX, "tax_percent", "NaN", "Enter a number, like 10 or 2.5."),
        (TAX, "tax_percent", "7,5", "Write decimals with a point"),
        (TAX, "tax_percent", ENORMOUS, "Enter a number, like 10 or 2.5."),
        (POLICY, "bill_limit_credits", "0", "Enter a number above 0."),
        (POLICY, "bill_limit_credits", "1.234", "at most two decimal places"),
        (POLICY, "bill_limit_credits", "1000000.01", "Enter at most 1000000 credits."),
        (POLICY, "staff_limit_credits", "", "This field is required."),
        (POLICY, "staff_limit_credits", "-1", "Enter 0 or a number above it."),
        (POLICY, "staff_limit_credits", "1e3", "Enter a number, like 10 or 2.5."),
        (POLICY, "staff_limit_credits", "5\x00", "Null characters are not allowed."),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_at_its_field(
    location, admin, signed_in, tab, field, value, message
):
    browser = signed_in(admin)
    fields = filled(browser, location, tab) | {field: value}

    response = browser.post(address(location, tab), fields)

    assert message in error_at(response, field)
    assert audited() == []


@pytest.mark.parametrize("tab", [LOCATION, BILLING, TAX, POLICY])
def test_an_empty_post_changes_nothing(location, admin, signed_in, tab):
    response = signed_in(admin).post(address(location, tab), {"x": "1"})

    assert response.status_code == 200
    assert audited() == []


def test_a_choice_of_a_credit_policy_is_one_of_two(location, admin, signed_in):
    browser = signed_in(admin)
    fields = filled(browser, location, POLICY) | {"bill_credits": "never"}

    response = browser.post(address(location, POLICY), fields)

    assert response.context["form"].errors["bill_credits"]
    assert audited() == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Loft 🌿 لوفت", "Loft 🌿 لوفت"),
        ("Loft\u202efdp.exe", "Loftfdp.exe"),
        ("Lo\x07ft\x1b[31m", "Loft[31m"),
        ("Two\r\nlines", "Two lines"),
    ],
)
def test_names_are_kept_as_words_and_shown_as_words(location, admin, signed_in, typed, kept):
    browser = signed_in(admin)
    fields = filled(browser, location, LOCATION) | {"name": typed}

    response = browser.post(address(location, LOCATION), fields, follow=True)

    location.refresh_from_db()
    assert location.name == kept
    assert "<script>alert" not in words(response)


@pytest.mark.parametrize(
    ("tab", "name", "theirs", "mine"),
    [
        (LOCATION, "name", "Their Loft", "My Loft"),
        (BILLING, "legal_name", "Theirs GmbH", "Mine GmbH"),
        (TAX, "tax_name", "GST", "MWST"),
        (POLICY, "staff_limit_credits", "7", "9"),
    ],
)
def test_of_two_admins_the_second_is_told_and_overwrites_nothing(
    location, admin, signed_in, tab, name, theirs, mine
):
    browser = signed_in(admin)
    fields = filled(browser, location, tab) | {name: mine}
    type(location).objects.filter(pk=location.pk).update(**{name: theirs})

    response = browser.post(address(location, tab), fields)

    said = words(response)
    assert "Nothing of yours was saved." in said
    assert f"Saved now: {theirs}" in said
    assert f"Yours: {mine}" in said
    location.refresh_from_db()
    assert str(getattr(location, name)).removesuffix(".00") == theirs
    assert audited() == []


def test_who_has_seen_both_values_may_save_again(location, admin, signed_in):
    browser = signed_in(admin)
    fields = filled(browser, location, BILLING) | {"legal_name": "Mine GmbH"}
    type(location).objects.filter(pk=location.pk).update(legal_name="Theirs GmbH")
    refused = browser.post(address(location, BILLING), fields)

    again = fields | {"version": refused.context["form"]["version"].value()}
    browser.post(address(location, BILLING), again)

    location.refresh_from_db()
    assert location.legal_name == "Mine GmbH"
    assert audited() == [
        (
            "billing details changed",
            {"legal_name": "Theirs GmbH"},
            {"legal_name": "Mine GmbH"},
        )
    ]


def test_a_version_that_was_made_up_is_no_version(location, admin, signed_in):
    browser = signed_in(admin)

    for version in ("", "x\x00", "1" * 1024 * 1024):
        fields = filled(browser, location, POLICY) | {"version": version}
        response = browser.post(address(location, POLICY), fields | {"staff_limit_credits": "50"})
        assert "Nothing of yours was saved." in words(response)

    location.refresh_from_db()
    assert location.staff_limit_credits == 0


@pytest.mark.parametrize("tab", PAGES)
def test_a_page_asks_the_database_as_often_for_more_rows(
    location, admin, signed_in, tab, django_assert_max_num_queries
):
    browser = signed_in(admin)
    browser.get(address(location, tab))
    with django_assert_max_num_queries(20) as few:
        browser.get(address(location, tab))
    for number in range(15):
        OptionFactory(location=location, price_minor=5000 + number)
        RoleFactory(location=location, kind="staff")
        CreditUse.objects.create(location=location, name=f"Desk {number}", credits=1)

    with django_assert_max_num_queries(len(few)):
        browser.get(address(location, tab))
