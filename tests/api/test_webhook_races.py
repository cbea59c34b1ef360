"""Workers that want the same webhooks at the same moment, and admins the last place."""

from decimal import Decimal

import pytest
from django.utils.timezone import now
from django_scopes import scope

from credits.models import Entry
from credits.services.granting import grant_credits
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from notifications.services.endpoints import MOST_ENDPOINTS, TooManyEndpoints, add_endpoint
from notifications.services.webhooks import claim_webhook
from notifications.tasks import plan_webhooks
from tests.api.receiver import SECRET
from tests.factories import CustomerFactory, LocationFactory, UserFactory
from tests.racing import errors, race

pytestmark = pytest.mark.django_db(transaction=True)


def test_rivals_plan_an_event_once_and_call_an_endpoint_one_at_a_time():
    location = LocationFactory()
    with scope(location=location):
        customer, admin = CustomerFactory(member__location=location), UserFactory()

        def add(number):
            return add_endpoint(
                location=location,
                url=f"https://desk-{number}.example/",
                events=["credits.added"],
                secret=SECRET,
                by=admin,
                at=now(),
            )

        for number in range(2):
            add(number)
        for number in range(3):
            grant_credits(
                customer=customer,
                credits=Decimal(1),
                reason=Entry.Reason.GIVEN,
                key=f"given:{number}",
                at=now(),
            )
        assert errors(race(location, [plan_webhooks] * 4)) == []
        assert (WebhookEvent.objects.count(), WebhookDelivery.objects.count()) == (3, 6)

        at = now()
        claims = race(location, [lambda: claim_webhook(at=at)] * 6)
        claimed = [claim for claim in claims if claim is not None]
        assert sorted(claim.endpoint_id for claim in claimed) == sorted(
            WebhookEndpoint.objects.values_list("pk", flat=True)
        )

        for number in range(2, MOST_ENDPOINTS - 1):
            add(number)
        answers = race(location, [lambda n=number: add(n) for number in range(20, 24)])
        assert len(errors(answers)) == 3
        assert {type(it) for it in errors(answers)} == {TooManyEndpoints}
