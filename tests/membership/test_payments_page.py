import pytest
from django.contrib.messages import get_messages

from community.models import Member
from payments.models import Card, Transaction
from tests.factories import CardFactory, CustomerFactory, LocationFactory, pending_purchase
from tests.membership.shop import address, confirm, look, words

PAYMENTS_PAGE_QUERIES = 8


@pytest.fixture
def mias(mia, signed_in):
    return signed_in(mia.user)


@pytest.fixture
def kept(mia, buy):
    """A card that Mia keeps."""
    buy(mia)
    return Card.objects.get()


def test_each_payment_is_listed_with_card_state_and_receipt(location, mia, buy, mias):
    bought = buy(mia)
    buy(mia, reference="card_declined")

    page = words(mias.get(address(location, "payments")))

    assert bought.receipt.number in page
    assert "Succeeded" in page
    assert "Failed" in page
    assert "Not enough funds" in page
    assert "Visa •••• 4242" in page


def test_a_pending_payment_can_be_looked_at(location, mia, buy, mias):
    waiting = buy(mia, reference="card_action")

    page = words(mias.get(address(location, "payments")))

    assert "Pending" in page
    assert address(location, "purchase", waiting.key) in page


def test_who_paid_nothing_reads_what_will_be_here(location, mias):
    page = words(mias.get(address(location, "payments")))

    assert "No payments yet" in page
    assert "Keep this card" in page


def test_colleagues_payments_and_cards_are_not_listed(location, mia, buy, mias):
    colleague = CustomerFactory(member__location=location).member
    theirs = buy(colleague)
    Card.objects.update(last4="1111")

    page = words(mias.get(address(location, "payments")))

    assert theirs.receipt.number not in page
    assert "1111" not in page


def test_a_suspended_member_still_sees_payments_and_receipts(location, mia, buy, mias):
    bought = buy(mia)
    Member.objects.filter(pk=mia.pk).update(state=Member.State.SUSPENDED)

    assert bought.receipt.number in words(mias.get(address(location, "payments")))
    assert mias.get(address(location, "receipt", bought.receipt.number)).status_code == 200


@pytest.mark.parametrize("payments", [3, 30])
def test_the_payments_ask_as_little_for_many_rows_as_for_few(
    location, mia, buy, mias, payments, django_assert_num_queries
):
    for _ in range(payments):
        buy(mia)

    with django_assert_num_queries(PAYMENTS_PAGE_QUERIES):
        mias.get(address(location, "payments"))


def test_a_card_is_removed_by_its_owner(location, kept, mias):
    response = mias.post(address(location, "remove_card", kept.pk))

    assert response["Location"] == address(location, "payments")
    assert [str(said) for said in get_messages(response.wsgi_request)] == [
        "Visa •••• 4242 removed."
    ]
    kept.refresh_from_db()
    assert kept.state == Card.State.RELEASED
    assert "Remove" not in words(mias.get(address(location, "payments")))


def test_a_card_that_is_being_charged_stays(location, mia, kept, mias):
    pending_purchase(card=kept)

    response = mias.post(address(location, "remove_card", kept.pk))

    assert "is being charged right now" in words(mias.get(response["Location"]))
    kept.refresh_from_db()
    assert kept.state == Card.State.KEPT


@pytest.mark.parametrize("whose", ["colleague", "elsewhere"])
def test_another_s_card_is_not_there_to_remove(location, kept, mias, whose):
    place = location if whose == "colleague" else LocationFactory()
    at = {"connection": kept.connection} if whose == "colleague" else {}
    theirs = CardFactory(customer=CustomerFactory(member__location=place), **at)

    assert mias.post(address(location, "remove_card", theirs.pk)).status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == Card.State.KEPT


def test_a_card_is_not_removed_by_looking(location, kept, mias):
    assert mias.get(address(location, "remove_card", kept.pk)).status_code == 405


def test_a_removed_card_does_not_pay(location, kept, mias, fake_gateway):
    option = Transaction.objects.get().purchase.option
    ticket = look(mias, option)
    mias.post(address(location, "remove_card", kept.pk))
    before = len(fake_gateway.charges)

    answer = confirm(mias, option, ticket, card=kept.pk).json()

    assert answer["url"].endswith("?refused=card_not_usable")
    assert "can't be used any more. Nothing was charged." in words(mias.get(answer["url"]))
    assert len(fake_gateway.charges) == before
