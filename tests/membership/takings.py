"""What gateways report of refunds and disputes, for the tests of what follows."""

from itertools import count
from uuid import uuid4

from analytics.models import RevenueLine
from billing.models import CreditNote
from community.models import Location
from credits.models import Wallet
from membership.models import OwedCredits
from payments.models import GatewayEvent, Transaction
from tests.factories import NOON, OptionFactory

_numbers = count(1)


def taken(charge, amount_minor, *, reference="re_1", kind="refund", state="taken", **more):
    return {
        "kind": kind,
        "reference": reference,
        "state": state,
        "charge": charge.reference,
        "amount_minor": amount_minor,
        **more,
    }


def event_of(charge, *, type_="refund.created", **payload):
    """A webhook that has come in and waits."""
    reference = f"evt_taking_{next(_numbers)}"
    return GatewayEvent.objects.create(
        location_id=charge.location_id,
        connection=charge.connection,
        reference=reference,
        kind=type_,
        payload={"id": reference, "type": type_, **payload},
        received_at=NOON,
    )


def twelve_euros(location):
    """10 credits for €12.00, 20 % tax included."""
    Location.objects.filter(pk=location.pk).update(
        tax_name="VAT", tax_percent=20, tax_included=True
    )
    location.refresh_from_db()
    return OptionFactory(location=location, credits=10, price_minor=1200)


def books_of(purchase):
    """What there is of a purchase: balance, reversed, owed, credited and net revenue."""
    purchase.refresh_from_db()
    notes = CreditNote.objects.filter(receipt=purchase.receipt)
    owed = OwedCredits.objects.filter(purchase=purchase)
    revenue = RevenueLine.objects.filter(location=purchase.location, source="credits")
    return {
        "balance": Wallet.objects.get(customer=purchase.customer).balance,
        "reversed": purchase.reversed_credits,
        "owed": sum(row.left for row in owed),
        "credited": sum(note.total_minor for note in notes),
        "revenue": sum(line.net_minor for line in revenue),
    }


def owed_of(charge, *, reference):
    """A credit that is owed for a refund of a charge: only the rows, for pages."""
    same = ("location", "customer", "connection", "currency", "made_by")
    refund = Transaction.objects.create(
        **{name: getattr(charge, name) for name in same},
        kind="refund",
        state="succeeded",
        amount_minor=1,
        key=uuid4(),
        reference=reference,
        charge=charge,
        created_at=NOON,
        settled_at=NOON,
    )
    return OwedCredits.objects.create(
        location=charge.location,
        purchase=charge.purchase,
        taking=refund,
        credits=1,
        noticed_at=NOON,
    )
