from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.services import record_audit
from credits.models import CreditOption

MAX_CREDITS = Decimal(1_000_000)


class OptionExists(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This option is on sale already: the same credits, price and expiry."),
            code="option_exists",
        )


class OptionIsArchived(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This option is archived. Bring it back to change it."), code="option_is_archived"
        )


@transaction.atomic
def add_option(
    *,
    location: Location,
    credits: Decimal,
    price_minor: int,
    expiry_months: int | None,
    by: User,
    at: datetime,
) -> CreditOption:
    """Put an option on sale, last in the selling order. Price in minor units, before tax's rule.

    :raises OptionExists: if the same one is on sale
    """
    _lock_options(location)
    _refuse_duplicate(credits=credits, price_minor=price_minor, expiry_months=expiry_months)
    option = CreditOption.objects.create(
        location=location,
        credits=credits,
        price_minor=price_minor,
        expiry_months=expiry_months,
        position=_next_position(),
        created_at=at,
    )
    _audit("option added", option, by=by, at=at, after=_facts(option))
    return option


@transaction.atomic
def change_option(
    *,
    option_id: int,
    credits: Decimal,
    price_minor: int,
    expiry_months: int | None,
    by: User,
    at: datetime,
) -> CreditOption:
    """Change what will be sold from now on; what was sold keeps its own copy.

    :raises OptionExists: if the same one is on sale
    :raises OptionIsArchived: if it is not on sale
    """
    option = _lock_option(option_id)
    if option.archived_at:
        raise OptionIsArchived
    _refuse_duplicate(
        credits=credits, price_minor=price_minor, expiry_months=expiry_months, but=option
    )
    before = _facts(option)
    option.credits, option.price_minor = credits, price_minor
    option.expiry_months = expiry_months
    option.save(update_fields=["credits", "price_minor", "expiry_months"])
    _audit("option changed", option, by=by, at=at, before=before, after=_facts(option))
    return option


@transaction.atomic
def archive_option(*, option_id: int, by: User, at: datetime) -> CreditOption:
    """Take an option off sale. Archiving it twice changes nothing."""
    option = _lock_option(option_id)
    if option.archived_at is None:
        option.archived_at = at
        option.save(update_fields=["archived_at"])
        _audit("option archived", option, by=by, at=at)
    return option


@transaction.atomic
def bring_back_option(*, option_id: int, by: User, at: datetime) -> CreditOption:
    """Put an archived option on sale again, last in the selling order.

    :raises OptionExists: if the same one is on sale
    """
    option = _lock_option(option_id)
    if option.archived_at is not None:
        _refuse_duplicate(
            credits=option.credits,
            price_minor=option.price_minor,
            expiry_months=option.expiry_months,
        )
        option.archived_at = None
        option.position = _next_position()
        option.save(update_fields=["archived_at", "position"])
        _audit("option brought back", option, by=by, at=at)
    return option


@transaction.atomic
def move_option(*, option_id: int, to: int, by: User, at: datetime) -> None:
    """Move an option on sale to a place in the selling order, counted from 0.

    :raises OptionIsArchived: if it is not on sale
    """
    option = _lock_option(option_id)
    if option.archived_at:
        raise OptionIsArchived
    order = [row for row in CreditOption.objects.on_sale() if row.pk != option.pk]
    order.insert(max(0, min(to, len(order))), option)
    for position, row in enumerate(order, start=1):
        row.position = position
    CreditOption.objects.bulk_update(order, ["position"])
    _audit("option moved", option, by=by, at=at, after={"position": option.position})


def _lock_options(location: Location) -> None:
    # The location's row orders changes of its options: duplicates and positions can't race.
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)


def _lock_option(option_id: int) -> CreditOption:
    _lock_options(CreditOption.objects.select_related("location").get(pk=option_id).location)
    return CreditOption.objects.select_related("location").get(pk=option_id)


def _refuse_duplicate(
    *,
    credits: Decimal,
    price_minor: int,
    expiry_months: int | None,
    but: CreditOption | None = None,
) -> None:
    same = CreditOption.objects.on_sale().filter(
        credits=credits, price_minor=price_minor, expiry_months=expiry_months
    )
    if same.exclude(pk=but.pk if but else None).exists():
        raise OptionExists


def _next_position() -> int:
    last = CreditOption.objects.on_sale().aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _facts(option: CreditOption) -> dict[str, Any]:
    return {
        "credits": str(option.credits),
        "price_minor": option.price_minor,
        "expiry_months": option.expiry_months,
    }


def _audit(
    action: str,
    option: CreditOption,
    *,
    by: User,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record_audit(
        location=option.location,
        by=by,
        action=action,
        subject=f"credit option {option.pk}",
        at=at,
        before=before,
        after=after,
    )
