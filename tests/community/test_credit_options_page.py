import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from community.models import AuditRecord, Location
from credits.models import CreditOption
from credits.services.options import archive_option
from tests.factories import NOON, ConnectionFactory, LocationFactory, OptionFactory


def page(location):
    return reverse("community:credit_options", args=[location.slug])


def address(location, name, *args):
    return reverse(f"community:{name}_credit_option", args=[location.slug, *args])


def words(response):
    return response.content.decode()


def credits_in_order(location):
    return [int(option.credits) for option in CreditOption.objects.on_sale()]


@pytest.fixture
def three(location):
    return [
        OptionFactory(location=location, credits=credits, price_minor=credits * 100, position=place)
        for place, credits in enumerate([10, 25, 50])
    ]


def test_an_admin_puts_an_option_on_sale(location, admin, signed_in):
    fields = {"credits": "200", "price": "160.00", "expiry_months": ""}

    response = signed_in(admin).post(address(location, "add"), fields, follow=True)

    option = CreditOption.objects.get()
    assert (option.credits, option.price_minor, option.expiry_months) == (200, 16000, None)
    assert "200 credits is on sale." in words(response)
    assert "€192.00" in words(response)
    assert "€0.96 per credit" in words(response)
    assert AuditRecord.objects.get().user == admin


def test_a_dialog_that_htmx_sends_leaves_for_the_list(location, admin, signed_in):
    fields = {"credits": "2.5", "price": "3", "expiry_months": "6"}

    response = signed_in(admin).post(
        address(location, "add"), fields, headers={"hx-request": "true"}
    )

    assert response.headers["HX-Redirect"] == page(location)
    assert CreditOption.objects.get().expiry_months == 6


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("credits", "", "This field is required."),
        ("credits", "0", "Enter a number above 0."),
        ("credits", "-5", "Enter a number above 0."),
        ("credits", "1.234", "Credits have at most two decimal places."),
        ("credits", "1000000.01", "An option has at most 1000000 credits."),
        ("credits", "9" * 20, "An option has at most 1000000 credits."),
        ("credits", "9" * 4000, "Enter a number, like 10 or 2.5."),
        ("credits", "NaN", "Enter a number, like 10 or 2.5."),
        ("credits", "Infinity", "Enter a number, like 10 or 2.5."),
        ("credits", "1e5", "Enter a number, like 10 or 2.5."),
        ("credits", "٣", "Enter a number, like 10 or 2.5."),
        ("credits", "1\x00", "Null characters are not allowed."),
        ("credits", "1,5", "Write decimals with a point and no grouping, like 1000 or 2.5."),
        ("price", "1,000.00", "Write decimals with a point and no grouping, like 1000 or 2.5."),
        ("price", "0", "Enter a number above 0."),
        ("price", "0.00", "Enter a number above 0."),
        ("price", "-1", "Enter a number above 0."),
        ("price", "1.234", "EUR has at most 2 decimal places."),
        ("price", "10000000000.01", "This price is too high."),
        ("price", "NaN", "Enter a number, like 10 or 2.5."),
        ("expiry_months", "0", "Select a valid choice."),
        ("expiry_months", "7", "Select a valid choice."),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_at_its_field(
    location, admin, signed_in, field, value, message
):
    fields = {"credits": "10", "price": "12.00", "expiry_months": ""} | {field: value}

    response = signed_in(admin).post(address(location, "add"), fields)

    said = re.search(rf'id="id_{field}_error">(.*?)</p>', words(response), re.DOTALL)
    assert said
    assert message in said[1]
    assert not CreditOption.objects.exists()


def test_a_currency_without_decimals_takes_whole_prices_only(db, signed_in, location, admin):
    location.currency = "JPY"
    location.save()

    response = signed_in(admin).post(
        address(location, "add"), {"credits": "10", "price": "1200.5", "expiry_months": ""}
    )

    assert "JPY has at most 0 decimal places." in words(response)


def test_the_same_option_is_not_put_on_sale_twice(location, admin, signed_in, three):
    response = signed_in(admin).post(
        address(location, "add"), {"credits": "10.0", "price": "10", "expiry_months": ""}
    )

    assert "This option is on sale already" in words(response)
    assert CreditOption.objects.count() == 3


def test_an_edited_option_keeps_what_was_sold(location, admin, signed_in, mia, buy):
    option = OptionFactory(location=location, credits=10, price_minor=1000)
    bought = buy(mia, option=option)

    form = signed_in(admin).get(address(location, "edit", option.pk))
    signed_in(admin).post(
        address(location, "edit", option.pk), {"credits": "10", "price": "15", "expiry_months": "3"}
    )

    assert 'value="10.00"' in words(form)
    option.refresh_from_db()
    bought.refresh_from_db()
    assert (option.price_minor, option.expiry_months) == (1500, 3)
    assert (bought.list_price_minor, bought.expiry_months) == (1000, None)


def test_an_unusual_expiry_can_be_kept_when_editing(location, admin, signed_in):
    option = OptionFactory(location=location, expiry_months=18)

    response = signed_in(admin).get(address(location, "edit", option.pk))

    assert '<option value="18" selected>18 months</option>' in words(response)


def test_an_archived_option_leaves_the_list_and_comes_back_last(location, admin, signed_in, three):
    browser = signed_in(admin)

    browser.post(address(location, "archive", three[0].pk))
    archived = credits_in_order(location)
    browser.post(address(location, "bring_back", three[0].pk))

    assert archived == [25, 50]
    assert credits_in_order(location) == [25, 50, 10]


def test_an_option_does_not_come_back_beside_its_double(location, admin, signed_in, three):
    archive_option(option_id=three[0].pk, by=admin, at=NOON)
    OptionFactory(location=location, credits=10, price_minor=1000)

    response = signed_in(admin).post(address(location, "bring_back", three[0].pk), follow=True)

    assert "This option is on sale already" in words(response)
    assert len(credits_in_order(location)) == 3


def test_an_archived_option_is_not_edited(location, admin, signed_in, three):
    archive_option(option_id=three[0].pk, by=admin, at=NOON)

    response = signed_in(admin).get(address(location, "edit", three[0].pk))

    assert response.status_code == 404


def test_a_moved_option_takes_its_place(location, admin, signed_in, three):
    response = signed_in(admin).post(address(location, "move", three[2].pk), {"to": "0"})

    assert response.url == f"{page(location)}#handle-{three[2].pk}"
    assert credits_in_order(location) == [50, 10, 25]


def test_the_script_of_the_page_moves_without_leaving_it(location, admin, signed_in, three):
    response = signed_in(admin).post(
        address(location, "move", three[0].pk),
        {"to": "1"},
        headers={"x-requested-with": "fetch"},
    )

    assert response.status_code == 204
    assert credits_in_order(location) == [25, 10, 50]


@pytest.mark.parametrize("place", ["-1", "", "x", "99999999999999999999"])
def test_no_option_moves_to_a_place_that_is_none(location, admin, signed_in, three, place):
    response = signed_in(admin).post(address(location, "move", three[0].pk), {"to": place})

    assert response.status_code == 400
    assert credits_in_order(location) == [10, 25, 50]


def test_staff_read_and_change_nothing(location, staff, signed_in, three):
    browser = signed_in(staff)

    response = browser.get(page(location))
    answers = [
        browser.post(address(location, "add"), {"credits": "1", "price": "1"}),
        browser.get(address(location, "edit", three[0].pk)),
        browser.post(address(location, "archive", three[0].pk)),
        browser.post(address(location, "bring_back", three[0].pk)),
        browser.post(address(location, "move", three[0].pk), {"to": "1"}),
    ]

    assert response.status_code == 200
    for button in ("Add credit option", "Edit", "Archive<", "Move"):
        assert button not in words(response)
    assert [answer.status_code for answer in answers] == [403] * 5
    assert credits_in_order(location) == [10, 25, 50]


def test_members_do_not_see_the_page(location, mia, signed_in):
    assert signed_in(mia.user).get(page(location)).status_code == 403


@pytest.mark.parametrize("name", ["edit", "archive", "bring_back", "move"])
def test_an_option_of_another_location_is_not_found(location, admin, signed_in, name):
    other = LocationFactory()
    foreign = OptionFactory(location=other)

    response = signed_in(admin).post(
        address(location, name, foreign.pk), {"to": "0", "credits": "1", "price": "1"}
    )

    assert response.status_code == 404


def test_a_change_without_its_csrf_token_is_refused(location, admin, three):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)

    response = browser.post(address(location, "archive", three[0].pk))

    assert response.status_code == 403
    assert credits_in_order(location) == [10, 25, 50]


def test_a_notice_says_that_no_payment_service_is_connected(location, admin, signed_in):
    before = words(signed_in(admin).get(page(location)))
    ConnectionFactory(location=location)
    after = words(signed_in(admin).get(page(location)))

    assert "No payment service is connected." in before
    assert "No payment service is connected." not in after


def test_the_list_counts_what_was_sold(location, admin, signed_in, mia, buy):
    option = OptionFactory(location=location)
    buy(mia, option=option)
    buy(mia, option=option)
    buy(mia, option=option, reference="card_declined")

    response = signed_in(admin).get(page(location))

    assert [row.sold for row in response.context["rows"]] == [2]


def test_included_tax_is_not_added_again(location, admin, signed_in):
    location.tax_included = True
    location.save()
    OptionFactory(location=location, price_minor=1200)

    response = signed_in(admin).get(page(location))

    assert [row.total_minor for row in response.context["rows"]] == [1200]


def test_the_list_asks_no_more_of_the_database_for_more_options(
    location, admin, signed_in, three, django_assert_max_num_queries
):
    browser = signed_in(admin)
    archive_option(option_id=three[0].pk, by=admin, at=NOON)
    browser.get(page(location))
    with django_assert_max_num_queries(20) as few:
        browser.get(page(location))
    for number in range(30):
        option = OptionFactory(location=location, price_minor=5000 + number)
        if number % 2:
            archive_option(option_id=option.pk, by=admin, at=NOON)

    with django_assert_max_num_queries(len(few)):
        response = browser.get(page(location))

    assert len(response.context["rows"]) == 17


def test_decimals_are_shown_without_needless_zeros(location, admin, signed_in):
    OptionFactory(location=location, credits=Decimal("2.50"))

    response = signed_in(admin).get(page(location))

    assert 'Edit<span class="sr-only"> 2.5 credits</span>' in words(response)


def test_a_price_below_what_a_gateway_takes_is_told_when_it_is_saved(location, admin, signed_in):
    ConnectionFactory(location=location)  # Stripe takes €0.50 at the least
    browser = signed_in(admin)
    fields = {"credits": "1", "price": "0.40", "expiry_months": ""}

    told = words(browser.post(address(location, "add"), fields, follow=True))

    assert "€0.48 is less than Stripe takes: it isn&#x27;t offered there below €0.50." in told
    option = CreditOption.objects.get()
    enough = fields | {"price": "0.42"}
    told = words(browser.post(address(location, "edit", option.pk), enough, follow=True))
    assert "is less than" not in told


@pytest.mark.parametrize(
    ("price", "told"),
    [
        ("1.313", "OMR1.313 is more exact than Stripe takes: it is offered there only if what is"),
        ("100000", "OMR100,000.000 is more than Stripe takes: it isn&#x27;t offered there above"),
        ("1.310", ""),
    ],
)
def test_a_price_that_a_gateway_does_not_take_is_told_when_it_is_saved(
    location, admin, signed_in, price, told
):
    ConnectionFactory(location=location)
    Location.objects.update(currency="OMR", tax_percent=0)
    fields = {"credits": "1", "price": price, "expiry_months": ""}

    page = words(signed_in(admin).post(address(location, "add"), fields, follow=True))

    assert told in page
    assert ("Stripe takes" in page) is bool(told)
