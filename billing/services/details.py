"""What documents say of a customer, and whether they pay tax; kept apart from who they are."""

import re
from datetime import datetime
from typing import Any

from babel import Locale
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as NotANumber
from stdnum.util import clean

from billing.models import Bill, BillingDetails, BillItem
from community.models import AuditRecord, Customer, Location, User
from community.services import record_audit
from community.services.settings import facts_of, refuse_stale

DETAILS = ("name", "address", "vat_number", "emails", "reference")
EXEMPTION = ("exemption", "exemption_reason")
CHANGED = "billing details of a customer changed"
# Countries that write another prefix than their own code.
UNION = {"EL", "XI", *(code.upper() for code in vat.MEMBER_STATES)}
PRINTED = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,18}")
LEAST_ELSEWHERE = 6  # its country included


class VatNumberInvalid(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This is no VAT number. Write it with its country, like DE123456789."),
            code="vat_number_invalid",
        )


class VatNumberNeeded(ValidationError):
    """Who accounts for the tax is known by it."""

    def __init__(self) -> None:
        words = ValidationError(
            _("Reverse charge needs the customer's VAT number."), code="vat_number_needed"
        )
        super().__init__({"vat_number": words})


class VatNumberHeld(ValidationError):
    """No tax is charged because of this number, so only who decides on that changes it."""

    def __init__(self) -> None:
        words = ValidationError(
            _(
                "No tax is charged because of this number, so only the team can change it."
                " Nothing was saved."
            ),
            code="vat_number_held",
        )
        super().__init__({"vat_number": words})


class VatNumberBilled(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(
            _(
                "The open bill has items under reverse charge, so it must name this number."
                " Issue it or remove them first."
            ),
            code="vat_number_billed",
        )
        super().__init__({"vat_number": words})


class ReasonNeeded(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(
            _("Say why no tax is charged. Documents print it."), code="reason_needed"
        )
        super().__init__({"exemption_reason": words})


def read_vat_number(text: str) -> str:
    """A VAT number as documents print it, without spaces and dots; empty stays empty.

    By its form alone: country, length and characters. Whether it is in use, and its check digit,
    is for whoever grants a reverse charge to look up.

    :raises VatNumberInvalid:
    """
    number = re.sub(r"[\s./-]", "", clean(text)).upper()
    if not number:
        return ""
    if not (PRINTED.fullmatch(number) and _is_its_countrys(number)):
        raise VatNumberInvalid
    return number


def _is_its_countrys(number: str) -> bool:
    """Each country of the Union has a form of its own; of others we know that they exist."""
    if number[:2] not in UNION:
        return number[:2] in Locale("en").territories and len(number) >= LEAST_ELSEWHERE
    try:
        vat.validate(number)
    except InvalidChecksum:
        return True
    except NotANumber:
        return False
    return True


def details_of(customer: Customer) -> BillingDetails:
    """What they have saved; without a row of theirs, one that says nothing."""
    saved: BillingDetails | None = getattr(customer, "billing_details", None)
    return saved or BillingDetails(customer_id=customer.pk, location_id=customer.location_id)


@transaction.atomic
def change_customer_details(
    *,
    customer: Customer,
    names: tuple[str, ...],
    values: dict[str, Any],
    seen: str,
    by: User,
    at: datetime,
) -> BillingDetails:
    """Change how documents name a customer from now on; with EXEMPTION, what they pay, too.

    :param names: DETAILS, or for an admin DETAILS with EXEMPTION
    :param seen: `version_of` the values that the change started from
    :raises ChangedMeanwhile: if they are others by now
    :raises VatNumberInvalid, VatNumberNeeded, VatNumberHeld, VatNumberBilled, ReasonNeeded:
    """
    details = _lock_details(customer)
    refuse_stale(details, names, seen)
    before = facts_of(details, names)
    for name in names:
        setattr(details, name, values[name])
    _refuse(details, names, before)
    after = facts_of(details, names)
    changed = [name for name in names if before[name] != after[name]]
    if changed:
        details.save()
        record_audit(
            location=details.location,
            by=by,
            action=CHANGED,
            subject=f"customer {customer.pk}",
            at=at,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    return details


def give_vat_numbers(
    *, location: Location, numbers: dict[int, str], by: User, at: datetime
) -> None:
    """Note the VAT numbers of many who have none, by the id of their customer.

    Call it with these customers locked.
    """
    assert transaction.get_connection().in_atomic_block
    saved = list(BillingDetails.objects.filter(customer__in=numbers))
    for details in saved:
        assert not details.vat_number
        details.vat_number = numbers[details.customer_id]
    BillingDetails.objects.bulk_update(saved, ["vat_number"])
    fresh = numbers.keys() - {details.customer_id for details in saved}
    BillingDetails.objects.bulk_create(
        BillingDetails(location=location, customer_id=pk, vat_number=numbers[pk])
        for pk in sorted(fresh)
    )
    AuditRecord.objects.bulk_create(
        AuditRecord(
            location=location,
            user=by,
            action=CHANGED,
            subject=f"customer {pk}",
            before={"vat_number": ""},
            after={"vat_number": number},
            happened_at=at,
        )
        for pk, number in numbers.items()
    )


def _lock_details(customer: Customer) -> BillingDetails:
    # Their own row may not be there yet; the customer's is.
    locked = Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=customer.pk)
    return details_of(locked)


def _is_billed_by_it(details: BillingDetails) -> bool:
    """Whether what is on the open bill has no tax because of the number."""
    standing = BillItem.objects.standing().filter(exemption=BillingDetails.Exemption.REVERSE_CHARGE)
    on_it = standing.filter(bill__customer=details.customer_id, bill__state=Bill.State.ACTIVE)
    return bool(on_it.exists())


def _refuse(details: BillingDetails, names: tuple[str, ...], before: dict[str, Any]) -> None:
    Exemption = BillingDetails.Exemption  # noqa: N806
    details.vat_number = read_vat_number(details.vat_number)
    if details.exemption != Exemption.OTHER:
        details.exemption_reason = ""
    elif not details.exemption_reason:
        raise ReasonNeeded
    if details.exemption != Exemption.REVERSE_CHARGE:
        if before["vat_number"] and not details.vat_number and _is_billed_by_it(details):
            raise VatNumberBilled
        return
    if "exemption" not in names and details.vat_number != before["vat_number"]:
        raise VatNumberHeld
    if not details.vat_number:
        raise VatNumberNeeded
