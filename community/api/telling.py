"""What webhooks tell: the rows of the API, as a key would read them."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.serializers import Serializer

from billing.models import Bill
from credits.api.ledger import EntryOut
from credits.models import Entry
from membership.api.bills import BillOut
from membership.api.buying import PurchaseOut
from membership.models import Purchase
from notifications.models import WebhookEvent, WebhookKind
from payments.api import TransactionOut
from payments.models import Transaction

ENTRY = (EntryOut, Entry, ("wallet",))
SUBJECTS: dict[str, tuple[type[Serializer[Any]], type[Model], tuple[str, ...]]] = {
    WebhookKind.CREDITS_ADDED: ENTRY,
    WebhookKind.CREDITS_SPENT: ENTRY,
    WebhookKind.CREDITS_REVERSED: ENTRY,
    WebhookKind.PURCHASE_COMPLETED: (PurchaseOut, Purchase, ("location", "bill_item", "charge")),
    WebhookKind.BILL_ISSUED: (BillOut, Bill, ()),
    WebhookKind.BILL_PAID: (BillOut, Bill, ()),
    WebhookKind.PAYMENT_FAILED: (TransactionOut, Transaction, ("connection",)),
}


def facts_of(event: WebhookEvent) -> dict[str, Any]:
    """What an event is about, as the API gives it."""
    serializer, model, related = SUBJECTS[event.kind]
    rows: QuerySet[Any] = model.objects.select_related(*related)  # type: ignore[attr-defined]
    facts: dict[str, Any] = serializer(rows.get(pk=event.subject_id)).data
    return facts
