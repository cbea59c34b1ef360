"""Keys of each scope, what they may touch, and keys that are no good any more."""

from datetime import timedelta
from decimal import Decimal

from django.utils.timezone import now

from community.models import Customer
from community.services.api_keys import make_api_key, revoke_api_key
from credits.services.holding import hold_credits
from credits.services.spending import spend_credits
from tests.notifications.books import webhook_told

SCOPES = ["read", "sell", "spend", "manage"]


def add_api(location, customer, name):
    """A key for each scope, one that is over and one revoked; what the member spent and holds."""
    at = now() - timedelta(days=2)
    keys = {
        which: make_api_key(
            location=location,
            name=f"{which} of {name}",
            scopes=SCOPES if which in {"all", "expired", "revoked"} else [which],
            token=f"dm_{which}_{name}",
            expires_at=at + timedelta(days=1) if which == "expired" else None,
            by=customer.member.user,
            at=at,
        )
        for which in (*SCOPES, "all", "expired", "revoked")
    }
    revoke_api_key(key=keys["revoked"], by=customer.member.user, at=now())
    spent = spend_credits(customer=customer, credits=Decimal(1), key="desk", at=now())
    held = hold_credits(
        customer=customer,
        credits=Decimal(1),
        expires_at=now() + timedelta(days=1),
        key="room",
        at=now(),
    )
    company = Customer.objects.get(company__people__member=customer.member)
    told = webhook_told(location, customer.member.user, at)
    return {
        "endpoint_id": told.endpoint_id,
        "delivery_id": told.pk,
        "free_customer_id": company.pk,
        "receipt_id": customer.receipts.latest("pk").pk,
        "key_id": keys["all"].pk,
        "spend_id": spent.pk,
        "hold_id": held.pk,
    }
