"""What Prometheus reads, and who else does not."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils.timezone import now
from django_scopes import scope

from membership.services.paying import pay_charge
from membership.tasks import sweep_charges
from payments.models import GatewayConnection, GatewayEvent, ReviewCase
from tests.factories import CardFactory, pending_purchase


def read(client, **facts):
    response = client.get("/metrics", **facts)
    if response.status_code != 200:
        return response.status_code
    lines = response.content.decode().splitlines()
    figures = dict(line.split(" ") for line in lines if not line.startswith("#"))
    return {name.removeprefix("deskmint_"): float(figure) for name, figure in figures.items()}


@pytest.mark.django_db
def test_nothing_is_amiss_in_an_empty_installation(client):
    cache.clear()

    figures = read(client)

    assert figures.pop("reconciler_lag_seconds") != 0
    assert set(figures.values()) == {0}


@pytest.mark.django_db
def test_what_waits_fails_and_differs_is_counted(client, fake_gateway):
    card = CardFactory(reference="card_lost_answer")
    ago = now() - timedelta(minutes=10)
    with scope(location=card.location):
        charge = pending_purchase(card=card, at=ago).charge
        pay_charge(charge=charge, at=ago)
        GatewayEvent.objects.create(
            location=card.location,
            connection=card.connection,
            reference="evt_1",
            kind="x",
            payload={},
            received_at=ago,
        )
        GatewayConnection.objects.update(refused_events=3)
        ReviewCase.objects.create(
            location=card.location,
            charge=charge,
            reason="mismatch",
            expected={"currency": "EUR"},
            reported={"currency": "USD"},
            noticed_at=ago,
        )

    figures = read(client)

    assert (figures["pending_charges"], figures["unprocessed_events"]) == (1, 1)
    assert 600 <= figures["pending_charge_age_seconds"] < 700
    assert 600 <= figures["unprocessed_event_age_seconds"] < 700
    assert figures["signature_failures"] == 3
    assert (figures["open_reviews"], figures["open_mismatches"]) == (1, 1)


@pytest.mark.django_db
def test_the_reconciler_says_when_it_ran(client, fake_gateway):
    sweep_charges()

    assert 0 <= read(client)["reconciler_lag_seconds"] < 60


@pytest.mark.django_db
def test_the_numbers_are_for_this_machine_or_the_token(client, settings):
    assert read(client, REMOTE_ADDR="192.0.2.7") == 404
    for forwarded in ({"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Proto": "https"}):
        assert read(client, headers=forwarded) == 404
    settings.METRICS_TOKEN = "open-sesame"
    assert read(client) == 404
    assert read(client, headers={"Authorization": "Bearer wrong"}) == 404
    token = {"Authorization": "Bearer open-sesame"}
    assert "pending_charges" in read(client, REMOTE_ADDR="192.0.2.7", headers=token)
