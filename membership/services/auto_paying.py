"""Bills that pay themselves: by the customer's wish, tried at issue, after 3 and after 6 days."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q

from billing.models import Bill
from community.models import Customer, User
from community.services import record_audit
from membership.services.bill_charging import start_automatic_charge
from membership.services.paying import pay_charge
from membership.services.purchases import open_connection, usable_card
from payments.models import AutoPay, Card, Transaction

TRIES_AFTER_DAYS = (0, 3, 6)
# What only the payer can mend: trying again would ask their bank the same in vain.
NEEDS_THE_PAYER = "authentication_required"


@transaction.atomic
def choose_auto_pay(
    *, customer: Customer, card_id: int | None, by: User, at: datetime
) -> AutoPay | None:
    """Have a customer's bills paid by a kept card from now on, or (None) no longer.

    :raises CardNotUsable: if the card is not kept, or not theirs
    :raises MethodNotOpen: if its gateway is disconnected
    """
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
            "chosen_at": at,
        },
    )
    return wish


def bills_to_try(*, at: datetime) -> list[tuple[int, int]]:
    """Location and id of the bills that are due an automatic try, oldest first."""
    unpaid = (
        Bill.objects.filter(state=Bill.State.ISSUED, customer__auto_pay__isnull=False)
        .select_related("location")
        .annotate(
            tries=Count("charges", filter=Q(charges__automatic_try__isnull=False)),
            under_way=Count("charges", filter=Q(charges__state=Transaction.State.PENDING)),
            needs_the_payer=Count(
                "charges",
                filter=Q(
                    charges__automatic_try__isnull=False, charges__failure_code=NEEDS_THE_PAYER
                ),
            ),
        )
        .filter(tries__lt=len(TRIES_AFTER_DAYS), under_way=0, needs_the_payer=0)
        .order_by("pk")
    )
    return [(bill.location_id, bill.pk) for bill in unpaid if is_try_due(bill, bill.tries, at=at)]


def is_try_due(bill: Bill, tries: int, *, at: datetime) -> bool:
    """Whether the day of the next try has come at the bill's location."""
    assert bill.issued_at
    zone = bill.location.zone
    issued_on: date = bill.issued_at.astimezone(zone).date()
    return at.astimezone(zone).date() >= issued_on + timedelta(days=TRIES_AFTER_DAYS[tries])


def try_bill(*, bill: Bill, at: datetime) -> Transaction | None:
    """Charge the chosen card for a bill that is due a try; None if there was nothing to try.

    Calls the gateway: never inside a transaction. Two machines at once make one try.
    """
    tries = Transaction.objects.filter(bill=bill, automatic_try__isnull=False).count()
    if tries == len(TRIES_AFTER_DAYS) or not is_try_due(bill, tries, at=at):
        return None
    try:
        charge = start_automatic_charge(bill=bill, number=tries, at=at)
        if charge:
            pay_charge(charge=charge, at=at)
    except ValidationError:  # paid, credited or disconnected meanwhile: nothing was charged
        return None
    return charge
