"""Settings > Location: name, locale, time zone, currency."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from analytics.models import RevenueMonth, Source
from analytics.services import record_revenue
from billing.services import open_bill
from community.models import Location
from community.services.settings import PLACE, ChangedMeanwhile, facts_of, version_of
from membership.models import Purchase
from membership.services.locations import CurrencyFixed, change_location
from membership.services.quotes import QuoteChanged
from tests.community.settings_pages import (
    LOCATION,
    address,
    audited,
    error_at,
    filled,
    ticket_in,
    words,
)
from tests.factories import (
    NOON,
    CardFactory,
    OptionFactory,
    PlanFactory,
    RoleFactory,
    pending_purchase,
)
from tests.racing import race

# 23:30 UTC on 31 October is November in Berlin already.
HALLOWEEN = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)


def post(browser, location, **changes):
    fields = filled(browser, location, LOCATION) | changes
    return browser.post(address(location, LOCATION), fields)


def confirm(browser, location, response):
    ticket = {"ticket": ticket_in(response)}
    return browser.post(address(location, "confirm_location"), ticket, follow=True)


def values_of(location, **changes):
    return {name: getattr(location, name) for name in PLACE} | changes


def seen(location):
    return version_of(facts_of(location, PLACE))


def months():
    net = Counter()
    for row in RevenueMonth.objects.all():
        net[str(row.month)] += row.net_minor
    return net


def earn(location, key, at, net_minor=1000):
    record_revenue(
        location=location,
        source=Source.CREDITS,
        method="card",
        label="10 credits",
        net_minor=net_minor,
        key=key,
        at=at,
    )


def test_a_new_name_and_locale_are_saved_at_once(location, admin, signed_in):
    response = post(signed_in(admin), location, name="Harbour House", locale="de-AT")

    assert response.status_code == 302
    location.refresh_from_db()
    assert (location.name, location.locale) == ("Harbour House", "de-AT")
    assert audited() == [
        (
            "location changed",
            {"name": "Harbour Loft", "locale": "en"},
            {"name": "Harbour House", "locale": "de-AT"},
        )
    ]


def test_a_time_zone_is_changed_after_its_effect_was_read(
    location, admin, signed_in, invariants_hold
):
    earn(location, "sale:1", HALLOWEEN)
    earn(location, "sale:2", NOON, 500)
    before = months()
    browser = signed_in(admin)

    asked = post(browser, location, time_zone="america/new york", name="Pier")
    location.refresh_from_db()
    untouched = location.time_zone
    answered = confirm(browser, location, asked)

    assert untouched == "Europe/Berlin"
    assert "Change the time zone?" in words(asked)
    assert "Bill periods that open from now on follow the new zone." in words(asked)
    assert "Location saved." in words(answered)
    location.refresh_from_db()
    assert (location.time_zone, location.name) == ("America/New_York", "Pier")
    assert before == {"2026-11-01": 1500}
    assert months() == {"2026-10-01": 1000, "2026-11-01": 500}
    invariants_hold()


def test_what_is_recorded_after_a_change_lands_in_the_rebuilt_months(
    location, admin, invariants_hold
):
    earn(location, "sale:1", HALLOWEEN)
    stale = Location.objects.get(pk=location.pk)
    change_location(
        location=location,
        values=values_of(location, time_zone="UTC"),
        seen=seen(location),
        by=admin,
        at=NOON,
    )

    earn(stale, "sale:2", HALLOWEEN, 1)
    earn(stale, "sale:2", HALLOWEEN, 1)

    assert months() == {"2026-10-01": 1001}
    invariants_hold()


@pytest.mark.parametrize("tampered", ["", "x", "eyJhIjoxfQ:1abc:forged", "\x00", "y" * 1024 * 1024])
def test_a_forged_confirmation_changes_nothing(location, admin, signed_in, tampered):
    response = signed_in(admin).post(
        address(location, "confirm_location"), {"ticket": tampered}, follow=True
    )

    assert "Nothing was changed." in words(response)
    assert audited() == []


def test_a_ticket_is_good_for_its_form_and_its_admin_alone(location, admin, signed_in):
    ticket = ticket_in(post(signed_in(admin), location, time_zone="UTC"))
    other = RoleFactory(location=location).user

    by_another = signed_in(other).post(
        address(location, "confirm_location"), {"ticket": ticket}, follow=True
    )
    at_another = signed_in(admin).post(
        address(location, "confirm_tax"), {"ticket": ticket}, follow=True
    )

    assert "Nothing was changed." in words(by_another)
    assert "Nothing was changed." in words(at_another)
    assert audited() == []


def test_a_confirmation_is_refused_if_somebody_was_quicker(location, admin, signed_in):
    browser = signed_in(admin)
    asked = post(browser, location, time_zone="UTC")
    Location.objects.filter(pk=location.pk).update(time_zone="Asia/Tokyo")

    answered = confirm(browser, location, asked)

    assert "Saved now: Asia/Tokyo" in words(answered)
    assert "Yours: UTC" in words(answered)
    location.refresh_from_db()
    assert location.time_zone == "Asia/Tokyo"


def test_a_currency_is_changed_while_nothing_was_sold(location, admin, signed_in):
    option = OptionFactory(location=location, price_minor=1200)
    browser = signed_in(admin)

    asked = post(browser, location, currency="JPY")
    confirm(browser, location, asked)

    assert "Prices keep their figure" in words(asked)
    location.refresh_from_db()
    option.refresh_from_db()
    assert (location.currency, option.price_minor) == ("JPY", 12)


def test_a_price_that_a_currency_has_no_coins_for_is_named(location, admin, signed_in):
    OptionFactory(location=location, credits=Decimal(25), price_minor=1250)
    browser = signed_in(admin)

    answered = confirm(browser, location, post(browser, location, currency="JPY"))

    assert "25 credits: the price has decimals that JPY" in error_at(answered, "currency")
    location.refresh_from_db()
    assert location.currency == "EUR"
    assert audited() == []


def test_the_price_of_a_plan_goes_with_the_currency(location, admin, signed_in):
    plan = PlanFactory(location=location, price_minor=19900)
    browser = signed_in(admin)

    confirm(browser, location, post(browser, location, currency="JPY"))

    plan.refresh_from_db()
    assert plan.price_minor == 199


@pytest.mark.parametrize("what", ["sold", "attempted", "given", "billed"])
def test_a_currency_is_fixed_once_anything_was_sold_or_given(
    location, admin, signed_in, mia, buy, add_credits, what
):
    if what == "given":
        add_credits(mia)
    elif what == "billed":
        open_bill(customer=mia.customer, key="by hand", at=NOON)
    else:
        buy(mia, reference="card_declined" if what == "attempted" else None)
    browser = signed_in(admin)

    page = browser.get(address(location, LOCATION))
    tampered = confirm(browser, location, post(browser, location, currency="USD"))

    assert "Fixed: credits were sold, billed or given in it." in words(page)
    assert page.context["form"].fields["currency"].widget.attrs["disabled"]
    assert "The currency is fixed" in error_at(tampered, "currency")
    location.refresh_from_db()
    assert location.currency == "EUR"


def test_a_field_that_is_switched_off_keeps_the_currency(location, admin, signed_in, mia, buy):
    buy(mia)
    browser = signed_in(admin)
    fields = filled(browser, location, LOCATION) | {"name": "Pier"}
    del fields["currency"]

    response = browser.post(address(location, LOCATION), fields)

    assert response.status_code == 302
    location.refresh_from_db()
    assert (location.name, location.currency) == ("Pier", "EUR")


@pytest.mark.django_db(transaction=True)
def test_a_first_sale_and_a_new_currency_do_not_pass_each_other(location, admin, mia):
    card = CardFactory(customer=mia.customer)
    option = OptionFactory(location=location, price_minor=1200)

    def move():
        change_location(
            location=location,
            values=values_of(location, currency="USD"),
            seen=seen(location),
            by=admin,
            at=NOON,
        )

    def sell():
        pending_purchase(card=card, option=option)

    answers = race(location, [move, sell])

    refused = [type(answer) for answer in answers if answer is not None]
    location.refresh_from_db()
    assert refused in ([CurrencyFixed], [QuoteChanged])
    assert {purchase.currency for purchase in Purchase.objects.all()} <= {location.currency}


@pytest.mark.django_db(transaction=True)
def test_sales_in_the_moment_of_a_new_time_zone_are_in_its_months(location, admin, invariants_hold):
    def move():
        change_location(
            location=location,
            values=values_of(location, time_zone="America/New_York"),
            seen=seen(location),
            by=admin,
            at=NOON,
        )

    def sell(number):
        def work():
            with transaction.atomic():
                earn(Location.objects.get(pk=location.pk), f"sale:{number}", HALLOWEEN, 1)

        return work

    answers = race(location, [*(sell(number) for number in range(4)), move])

    assert answers == [None] * 5
    assert months() == {"2026-10-01": 4}
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_save_at_once_one_is_told(location, admin):
    version = seen(location)

    def rename(name):
        return lambda: change_location(
            location=location,
            values=values_of(location, name=name),
            seen=version,
            by=admin,
            at=NOON,
        )

    answers = race(location, [rename("Pier"), rename("Quay")])

    assert [type(answer) for answer in answers].count(ChangedMeanwhile) == 1
    assert len(audited()) == 1


def test_a_locale_that_was_chosen_elsewhere_can_be_kept(location, admin, signed_in):
    Location.objects.filter(pk=location.pk).update(locale="eo")
    browser = signed_in(admin)

    response = post(browser, location, name="Pier")

    assert response.status_code == 302
    location.refresh_from_db()
    assert location.locale == "eo"
