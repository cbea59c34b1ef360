"""Documents of payments in test mode say so, in their PDF and mail, and go on saying it."""

import pytest
import time_machine
from django.core import mail

from billing.documents import bill_pdf, credit_note_pdf, receipt_pdf
from billing.models import Receipt
from billing.services import issue_bill
from membership.services.bill_credits import credit_bill
from membership.services.transfers import confirm_transfer
from membership.tasks import send_documents
from payments.models import GatewayConnection
from tests.billing.test_documents import text_of
from tests.factories import NOON, ConnectionFactory, TransferAccountFactory, awaited_transfer
from tests.membership.tab import plan_with_bill

TOLD = "Test mode: no real money moves."


@pytest.fixture
def live(location):
    """Let the location's gateways be live from now on."""
    return lambda: GatewayConnection.objects.update(livemode=True)


@pytest.fixture
def bill_of(location, mia):
    return lambda: issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)


def test_a_receipt_of_a_test_payment_stays_one_of_a_test(mia, admin, buy, live):
    tested = buy(mia).receipt
    transfer = awaited_transfer(mia)
    confirm_transfer(
        charge_id=transfer.charge_id,
        amount_minor=transfer.total_minor,
        received_on=NOON.date(),
        by=admin,
        at=NOON,
    )
    live()

    receipts = Receipt.objects.order_by("pk")
    told = {it.pk: TOLD in text_of(receipt_pdf(it)) for it in receipts}
    assert told.pop(tested.pk)
    assert list(told.values()) == [False]  # a transfer is real money, whatever Stripe is in
    with time_machine.travel(NOON, tick=False):
        send_documents()
    real, test = sorted(mail.outbox, key=lambda it: it.subject)
    assert test.subject.startswith("Test mode: Receipt")
    assert TOLD in test.body
    assert TOLD in test.alternatives[0].content
    assert "Test mode" not in real.subject + real.body


def test_a_bill_and_its_credit_note_say_what_it_was_issued_in(location, mia, admin, live, bill_of):
    ConnectionFactory(location=location)
    TransferAccountFactory(location=location)
    bill = bill_of()
    live()

    note = credit_bill(
        bill_id=bill.pk,
        wanted={bill.items.get().pk: 100},
        reason="Agreed",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )

    assert TOLD in text_of(bill_pdf(bill))
    assert TOLD in text_of(credit_note_pdf(note))


def test_a_bill_of_a_location_without_a_gateway_is_no_test(bill_of):
    assert TOLD not in text_of(bill_pdf(bill_of()))
