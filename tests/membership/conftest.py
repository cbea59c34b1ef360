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
