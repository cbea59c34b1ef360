"""Bills that pay themselves: by the customer's wish, tried at issue, after 3 and after 6 days."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Max, Q

from billing.models import Bill
from community.models import Company, Customer, User
from community.services import record_audit
from membership.services.bill_charging import start_automatic_charge
from membership.services.bill_payment import NEEDS_THE_PAYER
from membership.services.companies import lock_managed
from membership.services.paying import pay_charge
from membership.services.purchases import open_connection, usable_card
from payments.models import AutoPay, Card, Transaction

TRIES = 3
PAUSE_DAYS = 3

log = structlog.get_logger(__name__)


@transaction.atomic
def choose_auto_pay(
    *, customer: Customer, card_id: int | None, by: User, at: datetime
) -> AutoPay | None:
    """Have a customer's bills paid by a kept card from now on, or (None) no longer.

    :raises CardNotUsable: if the card is not kept, or not theirs
    :raises MethodNotOpen: if its gateway is disconnected
    :raises NoLongerManager: if `by` doesn't manage the company that it is for
    """
    if customer.company_id:
        lock_managed(Company(pk=customer.company_id), by=by)
    before = AutoPay.objects.filter(customer=customer).select_related("card").first()
    wish = _keep_wish(customer, card_id, by=by, at=at)
    record_audit(
        location=customer.location,
        by=by,
        action="auto-pay chosen",
        subject=f"customer {customer.pk}",
        before={"card": str(before.card) if before else ""},
        after={"card": str(wish.card) if wish else ""},
        at=at,
    )
    return wish


def _keep_wish(
    customer: Customer, card_id: int | None, *, by: User, at: datetime
) -> AutoPay | None:
    if card_id is None:
        AutoPay.objects.filter(customer=customer).delete()
        return None
    known = Card.objects.filter(pk=card_id).values_list("connection_id", flat=True).first()
    card = usable_card(card_id, customer.pk, open_connection(known or 0))
    wish, _made = AutoPay.objects.update_or_create(
        customer=customer,
        defaults={
            "location": customer.location,
            "card": card,
            "chosen_by": by,
        },
        create_defaults={
            "location": customer.location,
            "card": card,
            "chosen_by": by,
            "chosen_at": at,
        },
    )
    return wish


def bills_to_try(*, at: datetime) -> list[tuple[int, int]]:
    """Location and id of the bills that are due an automatic try, oldest first.

    Those issued since it was chosen, if nothing else is to be settled about them first.
    """
    automatic = Q(charges__automatic_try__isnull=False)
    unpaid = (
        Bill.objects.filter(
            state=Bill.State.ISSUED, issued_at__gte=F("customer__auto_pay__chosen_at")
        )
        .select_related("location")
        .annotate(
            tries=Count("charges", filter=automatic, distinct=True),
            last_try_at=Max("charges__created_at", filter=automatic),
            in_the_way=Count(
                "charges",
                filter=Q(charges__state=Transaction.State.PENDING)
                | Q(charges__taken_back_at__isnull=False)
                | Q(charges__reviews__isnull=False, charges__reviews__closed_at=None)
                | (automatic & Q(charges__failure_code=NEEDS_THE_PAYER)),
            ),
        )
        .filter(tries__lt=TRIES, in_the_way=0)
        .order_by("pk")
    )
    return [
        (bill.location_id, bill.pk) for bill in unpaid if _is_due(bill, bill.last_try_at, at=at)
    ]


def _is_due(bill: Bill, last_try_at: datetime | None, *, at: datetime) -> bool:
    """Whether the day of the next try has come at the bill's location, and isn't long past."""
    assert bill.issued_at
    zone, pause = bill.location.zone, timedelta(days=PAUSE_DAYS)
    today = at.astimezone(zone).date()
    if last_try_at is None:
        # Who was not asked when it was issued has found a way of their own since.
        return today < bill.issued_at.astimezone(zone).date() + TRIES * pause
    return today >= last_try_at.astimezone(zone).date() + pause


def try_bill(*, bill_id: int, key: UUID, at: datetime) -> Transaction | None:
    """Charge the chosen card for a bill that is due a try; None if there was nothing to try.

    Calls the gateway: never inside a transaction. Two machines at once make one try.

    :param key: the try's idempotency key, kept with it and sent again whenever it is
    """
    try:
        charge = start_automatic_charge(bill_id=bill_id, tries=TRIES, key=key, at=at)
        if charge:
            pay_charge(charge=charge, at=at)
    except ValidationError as refusal:  # paid, credited, withdrawn: nothing was charged
        log.info("bill_not_tried", bill=bill_id, reason=refusal.code)
        return None
    return charge
