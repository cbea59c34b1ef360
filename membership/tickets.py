"""The checkout page's sealed note to itself: which quote its reader saw, and the attempt's key."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from secrets import randbits
from time import time_ns
from typing import Any
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.money import Tax, TaxedAmount
from membership.services.quotes import Quote

SALT = "deskmint.checkout"
GOOD_FOR_SECONDS = 24 * 60 * 60


class TicketNotValid(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This page was open for too long. Nothing was charged. Here it is anew."),
            code="ticket_not_valid",
        )


@dataclass(frozen=True)
class Ticket:
    member_id: int
    key: UUID
    quote: Quote
    company_id: int | None = None


def new_key() -> UUID:
    """Draw a UUID of version 7: unguessable, and in the order of time, which indexes like."""
    milliseconds = time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76
    return UUID(int=value | randbits(12) << 64 | 2 << 62 | randbits(62))


def seal(ticket: Ticket) -> str:
    facts = {
        "member": ticket.member_id,
        "company": ticket.company_id,
        "key": str(ticket.key),
        "quote": asdict(ticket.quote),
    }
    return signing.dumps(facts, salt=SALT, serializer=_Serializer, compress=True)


def unseal(
    sealed: str, *, member_id: int | None, option_id: int, company_id: int | None = None
) -> Ticket:
    """Read a ticket of this member and option, for themself or for this company.

    :raises TicketNotValid: if it is forged, too old, or another's
    """
    ticket = read_ticket(sealed)
    if (ticket.member_id, ticket.company_id) != (member_id, company_id):
        raise TicketNotValid
    if ticket.quote.option_id != option_id:
        raise TicketNotValid
    return ticket


def read_ticket(sealed: str) -> Ticket:
    """Read whosever ticket it is.

    :raises TicketNotValid: if it is forged or too old
    """
    try:
        facts = signing.loads(sealed, salt=SALT, serializer=_Serializer, max_age=GOOD_FOR_SECONDS)
    except signing.BadSignature as forged:
        raise TicketNotValid from forged
    return Ticket(facts["member"], UUID(facts["key"]), _quote(facts["quote"]), facts["company"])


class _Serializer(signing.JSONSerializer):
    def dumps(self, obj: Any) -> bytes:
        return signing.JSONSerializer().dumps(_plain(obj))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def _quote(facts: dict[str, Any]) -> Quote:
    tax = facts["tax"]
    return Quote(
        option_id=facts["option_id"],
        credits=Decimal(facts["credits"]),
        expiry_months=facts["expiry_months"],
        list_price_minor=facts["list_price_minor"],
        discount_percent=Decimal(facts["discount_percent"]),
        currency=facts["currency"],
        tax=Tax(tax["name"], Decimal(tax["percent"]), tax["included"]),
        amount=TaxedAmount(**facts["amount"]),
    )
