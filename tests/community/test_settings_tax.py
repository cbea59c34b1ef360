"""Settings > Tax: a change is confirmed with what members will pay, and counts from then on."""

from decimal import Decimal

import pytest

from community.models import Location
from membership.services.quotes import QuoteChanged, quote_option
from tests.community.settings_pages import TAX, address, audited, filled, ticket_in, words
from tests.factories import CardFactory, OptionFactory, pending_purchase


def post(browser, location, **changes):
    fields = filled(browser, location, TAX) | changes
    return browser.post(address(location, TAX), fields)


def confirm(browser, location, response):
    ticket = {"ticket": ticket_in(response)}
    return browser.post(address(location, "confirm_tax"), ticket, follow=True)


def test_the_confirm_page_says_what_members_will_pay(location, admin, signed_in):
    OptionFactory(location=location, credits=10, price_minor=1000)

    response = post(signed_in(admin), location, tax_percent="19")

    assert "Change the tax?" in words(response)
    assert "€12.00" in words(response)
    assert "€11.90" in words(response)
    assert "Credits that were sold keep their tax" in words(response)
    assert audited() == []


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({"tax_percent": "19"}, 1190),
        ({"tax_included": "yes"}, 1000),
        ({"tax_percent": "0", "tax_name": ""}, 1000),
        ({"tax_percent": "5.5"}, 1055),
    ],
)
def test_a_confirmed_tax_counts_for_quotes_from_then_on(location, admin, signed_in, changes, total):
    option = OptionFactory(location=location, price_minor=1000)
    browser = signed_in(admin)

    response = confirm(browser, location, post(browser, location, **changes))

    assert "Tax saved." in words(response)
    fresh = Location.objects.get(pk=location.pk)
    assert quote_option(option, fresh).total_minor == total
    assert [action for action, _before, _after in audited()] == ["tax changed"]


def test_an_open_checkout_is_asked_again_and_what_was_sold_keeps_its_tax(
    location, admin, mia, signed_in, buy
):
    option = OptionFactory(location=location, price_minor=1000)
    sold = buy(mia, option=option)
    card = CardFactory(customer=mia.customer, connection=sold.charge.connection)
    browser = signed_in(admin)

    confirm(browser, location, post(browser, location, tax_percent="19"))

    with pytest.raises(QuoteChanged) as refused:
        pending_purchase(card=card, option=option)
    sold.refresh_from_db()
    assert refused.value.now.total_minor == 1190
    assert (sold.tax_percent, sold.total_minor) == (20, 1200)
    assert sold.receipt.lines.get().tax_percent == 20


def test_an_audit_record_holds_what_changed_and_nothing_else(location, admin, signed_in):
    browser = signed_in(admin)

    confirm(browser, location, post(browser, location, tax_percent="7.5"))

    assert audited() == [("tax changed", {"tax_percent": "20"}, {"tax_percent": "7.5"})]


def test_a_tax_of_nothing_needs_no_name(location, admin, signed_in):
    browser = signed_in(admin)

    confirm(browser, location, post(browser, location, tax_name="", tax_percent="0.00"))

    location.refresh_from_db()
    assert (location.tax_name, location.tax_percent) == ("", Decimal(0))


def test_a_confirmation_is_refused_if_somebody_was_quicker(location, admin, signed_in):
    browser = signed_in(admin)
    asked = post(browser, location, tax_percent="19")
    Location.objects.filter(pk=location.pk).update(tax_percent=7)

    response = confirm(browser, location, asked)

    assert "Saved now: 7" in words(response)
    assert "Yours: 19" in words(response)
    location.refresh_from_db()
    assert location.tax_percent == 7


def test_a_forged_confirmation_changes_nothing(location, admin, signed_in):
    response = signed_in(admin).post(
        address(location, "confirm_tax"), {"ticket": "forged"}, follow=True
    )

    assert "Nothing was changed." in words(response)
    assert audited() == []
