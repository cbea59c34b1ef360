"""Each kind of event is noted by its trigger, and told as the API has its row."""

import json
from collections import defaultdict

import pytest
from django.utils.timezone import now

from credits.services.restoring import reverse_spend
from membership.services.bill_keeping import issue_bill_by_hand
from membership.services.bill_payment import mark_bill_paid
from membership.services.paying import pay_charge
from membership.services.periods import local_day
from notifications.models import WebhookEndpoint, WebhookKind
from notifications.tasks import send_webhooks
from tests.credits.test_spend_credits import spend
from tests.factories import CardFactory, pending_purchase
from tests.membership.tab import plan_with_bill, received

WHERE = {
    "purchase.completed": "purchases",
    "credits.added": "entries",
    "credits.spent": "entries",
    "credits.reversed": "entries",
    "bill.issued": "bills",
    "bill.paid": "bills",
    "payment.failed": "transactions",
}


@pytest.fixture
def told(endpoint, receiver):
    """Send what is to be sent; gives what was told, by kind."""
    WebhookEndpoint.objects.update(events=WebhookKind.values)

    def send():
        send_webhooks()
        by_kind = defaultdict(list)
        for _headers, body in receiver.calls:
            message = json.loads(body)
            by_kind[message["type"]].append(message["data"])
        return by_kind

    return send


def test_every_kind_is_told_as_the_api_has_its_row(told, location, admin, mia, api, fake_gateway):
    at = now()
    good = CardFactory(customer=mia.customer)
    declined = CardFactory(
        customer=mia.customer, connection=good.connection, reference="card_declined"
    )
    for card in (good, declined):
        pay_charge(charge=pending_purchase(card=card, at=at).charge, at=at)
    reverse_spend(spend=spend(mia.customer, 2), key="back", at=at)
    bill = plan_with_bill(mia.customer, at=at)
    issue_bill_by_hand(bill_id=bill.pk, by=admin, at=at)
    paid = received(paid_on=local_day(location, at))
    mark_bill_paid(bill_id=bill.pk, received=paid, by=admin, at=at)

    by_kind = told()

    assert set(by_kind) == set(WHERE) == set(WebhookKind.values)
    assert {kind: len(rows) for kind, rows in by_kind.items()} == dict.fromkeys(WHERE, 1)
    for kind, rows in by_kind.items():
        for row in rows:
            assert row == api.get(f"{WHERE[kind]}/{row['id']}").json()


def test_what_is_written_again_is_not_told_again(told, mia, fake_gateway):
    card = CardFactory(customer=mia.customer)
    purchase = pending_purchase(card=card, at=now())
    pay_charge(charge=purchase.charge, at=now())
    purchase.refresh_from_db()
    purchase.save()

    assert len(told()["purchase.completed"]) == 1
