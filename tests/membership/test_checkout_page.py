from datetime import timedelta

import pytest
import time_machine

from community.models import Location, Member
from credits.models import CreditOption
from credits.services.options import archive_option, change_option
from membership.models import Purchase
from payments.models import Card, GatewayConnection
from tests.factories import (
    DISCONNECTED,
    NOON,
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    LocationFactory,
    OptionFactory,
)
from tests.membership.shop import address, confirm, look, words

CHECKOUT_QUERIES = 11
PAY_QUERIES = 40
OPTION = {"credits": 10, "price_minor": 1000, "expiry_months": None}


@pytest.fixture
def option(location):
    return OptionFactory(location=location)


@pytest.fixture
def till(location, fake_gateway):
    """The location takes cards."""
    return ConnectionFactory(location=location)


@pytest.fixture
def card(mia, till):
    return CardFactory(customer=mia.customer, connection=till)


@pytest.fixture
def mias(mia, signed_in):
    """Mia's browser."""
    return signed_in(mia.user)


@pytest.fixture
def nothing_is_charged(location, fake_gateway, invariants_hold):
    """Whatever happens in the test, no money moves."""
    yield
    assert fake_gateway.charges == {}
    assert not Purchase.objects.filter(state=Purchase.State.COMPLETED).exists()
    invariants_hold()


def refused(response, code):
    return response.json() == {
        "state": "refused",
        "url": response.json()["url"],
    } and response.json()["url"].endswith(f"?refused={code}")


def test_the_checkout_says_for_whom_what_and_how_much(location, option, till, mias):
    page = words(mias.get(address(location, "checkout", option.pk)))

    assert "<h1" in page
    assert "Buy 10 credits" in page
    assert "Paying for:" in page
    assert "Mia Holm" in page
    for figure in ("€10.00", "VAT 20 %", "€2.00", "Pay €12.00"):
        assert figure in page
    assert "Credit purchases can't be cancelled or refunded." in page
    assert "These credits never lapse." in page


def test_a_member_s_own_kept_cards_are_offered(location, option, card, mias):
    stranger = CustomerFactory(member__location=location)
    CardFactory(customer=stranger, connection=card.connection, last4="1111")
    CardFactory(customer=card.customer, connection=card.connection, last4="2222", state="entered")

    page = words(mias.get(address(location, "checkout", option.pk)))

    assert "Visa •••• 4242" in page
    assert "1111" not in page
    assert "2222" not in page


def test_what_was_quoted_is_what_is_charged(option, card, mias, fake_gateway, invariants_hold):
    answer = confirm(mias, option, look(mias, option), card=card.pk).json()

    purchase = Purchase.objects.get()
    assert answer == {
        "state": "done",
        "url": address(option.location, "purchase", purchase.key),
    }
    [charge] = fake_gateway.charges.values()
    assert (charge.amount_minor, charge.currency) == (1200, "EUR")
    assert purchase.state == Purchase.State.COMPLETED
    invariants_hold()


def test_a_new_card_is_set_up_first_and_charged_on_confirmation(option, till, mias, fake_gateway):
    answer = confirm(mias, option, look(mias, option)).json()
    assert answer["state"] == "setup"
    assert fake_gateway.charges == {}

    done = mias.post(answer["confirm_url"], HTTP_ACCEPT="application/json").json()

    assert done == {"state": "done", "url": answer["url"]}
    assert len(fake_gateway.charges) == 1
    assert Card.objects.get().state == Card.State.RELEASED


def test_a_new_card_is_kept_if_the_buyer_says_so(option, till, mias):
    answer = confirm(mias, option, look(mias, option), keep="on").json()

    mias.post(answer["confirm_url"], HTTP_ACCEPT="application/json")

    assert Card.objects.get().state == Card.State.KEPT


def test_without_javascript_a_kept_card_pays_and_leads_to_the_purchase(option, card, mias):
    response = confirm(mias, option, look(mias, option), card=card.pk, HTTP_ACCEPT="text/html")

    assert response.status_code == 302
    assert response["Location"] == address(option.location, "purchase", Purchase.objects.get().key)


@pytest.mark.usefixtures("nothing_is_charged", "till")
def test_without_javascript_a_new_card_can_t_be_entered_and_nothing_is_begun(option, mias):
    response = confirm(mias, option, look(mias, option), HTTP_ACCEPT="text/html")

    assert response.status_code == 302
    assert response["Location"].endswith("?refused=card_needs_script")
    assert "needs JavaScript" in words(mias.get(response["Location"]))
    assert not Purchase.objects.exists()


def test_a_payment_that_needs_the_bank_goes_on_in_the_browser(option, card, mias):
    Card.objects.filter(pk=card.pk).update(reference="card_action_1")

    answer = confirm(mias, option, look(mias, option), card=card.pk).json()

    assert answer["state"] == "action"
    assert answer["client_secret"] == "pi_1_secret"
    assert answer["return_url"] == address(option.location, "purchase", Purchase.objects.get().key)


@pytest.mark.usefixtures("invariants_hold")
def test_a_decline_says_why_and_offers_another_card(option, card, mias):
    Card.objects.filter(pk=card.pk).update(reference="card_declined_1")

    answer = confirm(mias, option, look(mias, option), card=card.pk).json()
    page = words(mias.get(answer["url"]))

    assert answer["state"] == "refused"
    assert 'role="alert"' in page
    assert "Visa •••• 4242 was declined: not enough funds." in page
    assert "Nothing was charged." in page
    assert 'id="card-new" name="card" value="new" checked' in page


def test_two_posts_of_one_page_are_one_purchase(option, card, mias, fake_gateway):
    ticket = look(mias, option)

    answers = [confirm(mias, option, ticket, card=card.pk).json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(fake_gateway.charges) == 1


def test_two_tabs_are_one_purchase_and_a_later_page_is_another(option, card, mias, fake_gateway):
    tabs = [look(mias, option), look(mias, option)]
    for ticket in tabs:
        confirm(mias, option, ticket, card=card.pk)
    assert len(fake_gateway.charges) == 1

    confirm(mias, option, look(mias, option), card=card.pk)

    assert len(fake_gateway.charges) == 2


def test_a_second_tab_of_a_declined_purchase_hears_so(option, card, mias, fake_gateway):
    Card.objects.filter(pk=card.pk).update(reference="card_declined_1")
    tabs = [look(mias, option), look(mias, option)]
    answers = [confirm(mias, option, tabs[0], card=card.pk), confirm(mias, option, tabs[1])]

    assert answers[0].json() == answers[1].json()
    assert "was declined" in words(mias.get(answers[1].json()["url"]))


@pytest.mark.usefixtures("nothing_is_charged")
def test_a_changed_price_is_shown_old_and_new(option, card, mias, admin):
    ticket = look(mias, option)
    change_option(option_id=option.pk, **OPTION | {"price_minor": 1150}, by=admin, at=NOON)

    answer = confirm(mias, option, ticket, card=card.pk).json()
    page = words(mias.get(answer["url"]))

    assert answer["state"] == "refused"
    assert "This changed while you were here. Nothing was charged." in page
    assert "Price: €10.00 is now €11.50." in page
    assert "Total: €12.00 is now €13.80." in page
    assert "Pay €13.80" in page


@pytest.mark.usefixtures("nothing_is_charged")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"credits": 8}, "Credits: 10 is now 8."),
        ({"expiry_months": 12}, "Expiry: never is now 12 months."),
    ],
)
def test_any_change_of_the_offer_is_named(option, card, mias, admin, changes, sentence):
    ticket = look(mias, option)
    change_option(option_id=option.pk, **OPTION | changes, by=admin, at=NOON)

    answer = confirm(mias, option, ticket, card=card.pk).json()

    assert sentence in words(mias.get(answer["url"]))


@pytest.mark.usefixtures("nothing_is_charged")
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"tax_percent": 25}, "Tax: VAT 20 % is now VAT 25 %."),
        ({"tax_included": True}, "Total: €12.00 is now €10.00."),
        ({"tax_percent": 0, "tax_name": ""}, "Tax: VAT 20 % is now none."),
    ],
)
def test_a_changed_tax_is_named(location, option, card, mias, facts, sentence):
    ticket = look(mias, option)
    Location.objects.filter(pk=location.pk).update(**facts)

    answer = confirm(mias, option, ticket, card=card.pk).json()

    assert sentence in words(mias.get(answer["url"]))


@pytest.mark.usefixtures("nothing_is_charged")
def test_a_ticket_that_was_tampered_with_buys_nothing(option, card, mias):
    ticket = look(mias, option)

    response = confirm(
        mias, option, ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), card=card.pk
    )

    assert refused(response, "ticket_not_valid")
    assert "Nothing was charged." in words(mias.get(response.json()["url"]))


@pytest.mark.usefixtures("nothing_is_charged")
@pytest.mark.parametrize("ticket", ["", "x", "a:b:c", "x" * 5000, "\x00"])
def test_a_ticket_that_is_none_buys_nothing(option, card, mias, ticket):
    assert refused(confirm(mias, option, ticket, card=card.pk), "ticket_not_valid")


@pytest.mark.usefixtures("nothing_is_charged")
def test_a_ticket_is_good_for_a_day(option, card, mias):
    with time_machine.travel(NOON, tick=False):
        ticket = look(mias, option)
    with time_machine.travel(NOON + timedelta(hours=25), tick=False):
        assert refused(confirm(mias, option, ticket, card=card.pk), "ticket_not_valid")


@pytest.mark.usefixtures("nothing_is_charged")
def test_another_member_s_ticket_buys_nothing(location, option, card, mias, mia, client):
    other = CustomerFactory(member__location=location).member
    ticket = look(mias, option)
    client.force_login(other.user)

    assert refused(confirm(client, option, ticket), "ticket_not_valid")


@pytest.mark.usefixtures("nothing_is_charged")
def test_another_option_s_ticket_buys_nothing(location, option, card, mias):
    cheap = OptionFactory(location=location, price_minor=1)

    assert refused(confirm(mias, option, look(mias, cheap), card=card.pk), "ticket_not_valid")


@pytest.mark.usefixtures("nothing_is_charged")
@pytest.mark.parametrize("card_id", ["0", "999999", "-1", "", "x", "1e3"])
def test_a_card_that_is_unknown_pays_nothing(option, card, mias, card_id):
    assert refused(confirm(mias, option, look(mias, option), card=card_id), "card_not_usable")


@pytest.mark.usefixtures("nothing_is_charged")
def test_another_member_s_card_pays_nothing(location, option, till, mias):
    theirs = CardFactory(customer=CustomerFactory(member__location=location), connection=till)

    assert refused(confirm(mias, option, look(mias, option), card=theirs.pk), "card_not_usable")


@pytest.mark.usefixtures("nothing_is_charged")
def test_a_method_that_is_not_offered_pays_nothing(option, card, mias):
    response = confirm(mias, option, look(mias, option), card=card.pk, method="bill")

    assert response.json()["state"] == "refused"


@pytest.mark.usefixtures("nothing_is_charged")
def test_an_archived_option_leads_back_with_words(location, option, card, mias, admin):
    ticket = look(mias, option)
    archive_option(option_id=option.pk, by=admin, at=NOON)

    response = confirm(mias, option, ticket, card=card.pk)

    assert refused(response, "option_not_on_sale")
    assert "no longer on sale. Nothing was charged." in words(mias.get(response.json()["url"]))
    assert mias.get(address(location, "checkout", option.pk)).status_code == 302


@pytest.mark.usefixtures("nothing_is_charged")
def test_a_suspended_member_is_led_back_with_words(location, option, card, mias, mia):
    ticket = look(mias, option)
    Member.objects.filter(pk=mia.pk).update(state=Member.State.SUSPENDED)

    response = confirm(mias, option, ticket, card=card.pk)

    assert refused(response, "not_an_active_member")
    assert "you can't buy credits. Nothing was charged." in words(mias.get(response.json()["url"]))


@pytest.mark.usefixtures("nothing_is_charged")
def test_a_gateway_that_went_away_closes_the_method(location, option, card, mias):
    ticket = look(mias, option)
    GatewayConnection.objects.update(**DISCONNECTED)

    response = confirm(mias, option, ticket)

    assert refused(response, "method_not_open")
    page = words(mias.get(response.json()["url"]))
    assert "Card payments are closed at the moment. Nothing was charged." in page
    assert "no payment service is connected" in page
    assert "Pay €12.00" not in page


@pytest.mark.usefixtures("nothing_is_charged", "card")
def test_what_changes_while_a_card_is_typed_is_refused_before_the_charge(option, mias, admin):
    answer = confirm(mias, option, look(mias, option)).json()
    change_option(option_id=option.pk, **OPTION | {"price_minor": 1150}, by=admin, at=NOON)

    refusal = mias.post(answer["confirm_url"], HTTP_ACCEPT="application/json").json()
    page = words(mias.get(refusal["url"]))

    assert refusal["state"] == "refused"
    assert "Total: €12.00 is now €13.80." in page
    assert "Nothing was charged." in page


@pytest.mark.usefixtures("nothing_is_charged", "card")
def test_a_gateway_that_goes_while_a_card_is_typed_is_not_called_a_decline(option, mias):
    answer = confirm(mias, option, look(mias, option)).json()
    GatewayConnection.objects.update(**DISCONNECTED)

    refusal = mias.post(answer["confirm_url"], HTTP_ACCEPT="application/json").json()
    page = words(mias.get(refusal["url"]))

    assert "Card payments are closed at the moment. Nothing was charged." in page
    assert "was declined" not in page


def test_an_option_of_another_location_is_not_there(location, option, mias):
    foreign = OptionFactory(location=LocationFactory())

    assert mias.get(address(location, "checkout", foreign.pk)).status_code == 404
    assert mias.get(address(location, "checkout", 10**9)).status_code == 404


@pytest.mark.parametrize("options", [3, 30])
def test_the_checkout_asks_as_little_for_many_cards_as_for_few(
    location, mia, option, card, mias, options, django_assert_num_queries
):
    for _ in range(options):
        CardFactory(customer=mia.customer, connection=card.connection)
        OptionFactory(location=location, price_minor=1000 + CreditOption.objects.count())
    look(mias, option)

    with django_assert_num_queries(CHECKOUT_QUERIES):
        look(mias, option)


def test_paying_with_a_kept_card_takes_a_known_number_of_queries(
    option, card, mias, django_assert_num_queries
):
    confirm(mias, option, look(mias, option), card=card.pk)
    ticket = look(mias, option)

    with django_assert_num_queries(PAY_QUERIES):
        confirm(mias, option, ticket, card=card.pk)
