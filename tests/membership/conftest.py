import pytest
from django_scopes import scope


@pytest.fixture
def card(db, fake_gateway):
    """A member's kept card at a connected gateway; the test runs in its location."""
    from tests.factories import CardFactory  # noqa: PLC0415 - needs the servers

    card = CardFactory()
    with scope(location=card.location):
        yield card


@pytest.fixture
def card_that(card):
    """Let the card be declined, ask for 3-D Secure, lose the answer: `card_that("is_declined")`."""
    words = {
        "is_declined": "card_declined",
        "needs_action": "card_action",
        "loses_the_answer": "card_lost_answer",
        "is_refused": "card_refused",
        "meets_a_shut_door": "card_shut",
    }

    def prepare(what):
        card.reference = f"{words[what]}_{card.pk}"
        card.save()
        return card

    return prepare


@pytest.fixture
def purchase(card):
    """A purchase that its buyer has confirmed, with a kept card."""
    from tests.factories import pending_purchase  # noqa: PLC0415 - needs the servers

    return pending_purchase(card=card)


@pytest.fixture
def new_card_purchase(card):
    """A purchase with a new card: what the buyer enters is `fake_gateway.entered`."""
    from membership.services.paying import open_card_setup  # noqa: PLC0415 - needs the servers
    from membership.services.purchases import CardOrder, start_purchase  # noqa: PLC0415
    from membership.services.quotes import quote_option  # noqa: PLC0415
    from tests.factories import NOON, OptionFactory  # noqa: PLC0415
    from tests.membership.states import again  # noqa: PLC0415

    def start(*, keep=False):
        option = OptionFactory(location=card.location)
        purchase = start_purchase(
            member=card.customer.member,
            option_id=option.pk,
            order=CardOrder(connection_id=card.connection_id, card_id=None, keep_card=keep),
            seen=quote_option(option, card.location),
            key="018f0000-0000-7000-8000-000000000001",
            at=NOON,
        )
        open_card_setup(charge=purchase.charge, at=NOON)
        return again(purchase)

    return start
