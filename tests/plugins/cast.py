"""Who appears in the tests of pages: a location, its people, an outsider.

Models are imported in the fixtures: this file is read before the settings have their servers.
"""
# ruff: noqa: PLC0415

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django_scopes import scope

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def location(db):
    from tests.factories import LocationFactory

    place = LocationFactory(name="Harbour Loft")
    with scope(location=place):
        yield place


@pytest.fixture
def admin(location):
    from tests.factories import RoleFactory

    return RoleFactory(location=location, user__name="Nora Lind").user


@pytest.fixture
def staff(location):
    from tests.factories import RoleFactory

    return RoleFactory(location=location, kind="staff").user


@pytest.fixture
def mia(location):
    """A member with the customer that pays for her."""
    from tests.factories import CustomerFactory

    return CustomerFactory(
        member__location=location, member__user__name="Mia Holm", member__user__email="mia@h.test"
    ).member


@pytest.fixture
def outsider(db):
    from tests.factories import UserFactory

    return UserFactory()


@pytest.fixture
def signed_in(client):
    """Give a browser in which this user is signed in."""

    def browser(user):
        client.force_login(user)
        return client

    return browser


@pytest.fixture
def add_credits():
    from credits.models import Entry
    from credits.services.granting import grant_credits

    def add(member, credits="10", *, key="given:1", **facts):
        return grant_credits(
            customer=member.customer,
            credits=Decimal(credits),
            reason=Entry.Reason.GIVEN,
            key=key,
            at=facts.pop("at", NOON),
            **facts,
        )

    return add


@pytest.fixture
def buy(location, fake_gateway):
    """Let a member buy by card; a reference like `card_declined` does as its name says."""
    from membership.services.paying import pay_charge
    from payments.models import Card
    from tests.factories import CardFactory, ConnectionFactory, pending_purchase

    connection = ConnectionFactory(location=location)

    def purchase(member, *, at=NOON, option=None, reference=None):
        card = CardFactory(customer=member.customer, connection=connection)
        if reference:
            Card.objects.filter(pk=card.pk).update(reference=f"{reference}_{card.pk}")
        bought = pending_purchase(card=card, option=option)
        pay_charge(charge=bought.charge, at=at)
        bought.refresh_from_db()
        return bought

    return purchase
