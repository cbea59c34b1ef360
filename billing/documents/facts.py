"""What a document says, in its seller's own way of writing, from its stored rows alone."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.utils.translation import get_language, override, to_locale
from django.utils.translation import gettext as _

from billing.models import Bill, BillItem, CreditNote, Receipt
from billing.selectors import Line, exemptions_of, tax_rates
from community.money import format_credits, format_money

Facts = dict[str, Any]
FIRST_STRONG, POP, BREAK = "\u2068", "\u2069", "\u200b"
LONGEST_WORD = 36  # what half a page's width holds


def facts_of_bill(bill: Bill) -> Facts:
    """Say what a bill said when it was issued; what was paid or credited since is not on it."""
    assert bill.issued_at
    with override(_locale_of(bill)):
        own = [(_("Due on"), _day(bill.due_on))] if bill.due_on else []
        return {
            **_common(bill, BillItem.objects.standing().filter(bill=bill).order_by("pk")),
            "title": _("Bill %(number)s") % {"number": bill.number},
            "facts": [*own, *_period(bill)],
            "payment": _payment(bill),
            "pay_online": bill.seller.get("pay_online", ""),
        }


def facts_of_receipt(receipt: Receipt) -> Facts:
    with override(_locale_of(receipt)):
        return {
            **_common(receipt, receipt.lines.order_by("pk")),
            "title": _("Receipt %(number)s") % {"number": receipt.number},
            "facts": [
                (_("Paid on"), _day(_local(receipt, receipt.paid_at))),
                (_("Paid with"), receipt.paid_with),
            ],
        }


def facts_of_credit_note(note: CreditNote) -> Facts:
    with override(_locale_of(note)):
        common = _common(note, note.lines.order_by("pk"))
        return {
            **common,
            "title": _title_of(note) % {"number": note.number},
            "facts": _what_it_corrects(note),
            "reason": note.reason,
            "words": {**common["words"], "total": _("Credited")},
        }


def _title_of(note: CreditNote) -> str:
    return _("Cancellation %(number)s") if note.cancels else _("Credit note %(number)s")


def _what_it_corrects(note: CreditNote) -> list[tuple[str, str]]:
    cancelled = [(_("Cancels credit note"), note.cancels.number)] if note.cancels else []
    if note.bill:
        return [*cancelled, (_("For bill"), note.bill.number), *_period(note.bill)]
    return [*cancelled, (_("For receipt"), note.about)]


def _common(document: Bill | CreditNote | Receipt, lines: Iterable[Line]) -> Facts:
    """Name the parties and the amounts, which every document has."""
    assert document.issued_at
    lines = list(lines)
    seller, buyer = document.seller, document.buyer
    return {
        "language": (get_language() or "en").split("-")[0],
        "number": document.number,
        "day": _day(_local(document, document.issued_at)),
        "words": _words(),
        "seller": {"name": seller["name"], "lines": _seller_lines(seller)},
        "buyer": {"name": _set_apart(buyer["name"]), "lines": _buyer_lines(buyer)},
        "items": [_item(line, document.currency) for line in lines],
        "rates": _rates(lines, document.currency),
        "exemptions": [_set_apart(words) for words in exemptions_of(lines)],
        **_amounts(document, document.currency),
        "footer": seller["footer"].splitlines(),
        "test_mode": _("Test mode: no real money moves.") if "test_mode" in seller else "",
        "reason": "",
        "payment": [],
        "pay_online": "",
    }


def _words() -> dict[str, str]:
    return {
        "from": _("From"),
        "to": _("To"),
        "item": _("Item"),
        "rate": _("Rate"),
        "net": _("Net"),
        "tax": _("Tax"),
        "total": _("Total"),
        "by_rate": _("By tax rate"),
        "payment": _("Payment"),
        "pay_online": _("Pay online"),
    }


def _seller_lines(seller: dict[str, str]) -> list[str]:
    own = (*_address_lines(seller), seller["registration_number"])
    return [_set_apart(line) for line in own if line]


# Before there were billing details, a buyer had a name and an email alone.
def _buyer_lines(buyer: dict[str, str]) -> list[str]:
    reference = buyer.get("reference", "")
    own = (
        *_address_lines(buyer),
        buyer["email"],
        reference and _("Your reference: %(words)s") % {"words": reference},
    )
    return [_set_apart(line) for line in own if line]


def _set_apart(line: str) -> str:
    """A line in its own direction, whatever the document's; what is too long breaks anywhere."""
    return FIRST_STRONG + re.sub(rf"\S{{{LONGEST_WORD}}}", rf"\g<0>{BREAK}", line) + POP


def _address_lines(party: dict[str, str]) -> list[str]:
    vat = party.get("vat_number", "")
    return [
        *party.get("address", "").splitlines(),
        vat and _("VAT %(number)s") % {"number": vat},
    ]


def _item(line: Line, currency: str) -> dict[str, str]:
    return {
        "description": line.description,
        "rate": _rate(line.tax_name, line.tax_percent),
        **_amounts(line, currency),
    }


def _rates(lines: list[Line], currency: str) -> list[dict[str, str]]:
    return [
        {"rate": _rate(rate.name, rate.percent), **_amounts(rate, currency)}
        for rate in tax_rates(lines)
    ]


def _rate(name: str, percent: Decimal) -> str:
    return f"{name or _('Tax')} {format_credits(percent)} %"


def _amounts(row: Any, currency: str) -> dict[str, str]:
    return {
        name: format_money(getattr(row, f"{name}_minor"), currency)
        for name in ("net", "tax", "total")
    }


def _period(bill: Bill) -> list[tuple[str, str]]:
    if not (bill.period_start and bill.last_day):
        return []
    return [(_("Period"), f"{_day(bill.period_start)} – {_day(bill.last_day)}")]


def _payment(bill: Bill) -> list[str]:
    """Where to send the money, as the seller said it when the bill was issued."""
    bank = bill.seller.get("bank_details", "").splitlines()
    return [*bank, _("Reference: %(number)s") % {"number": bill.number}] if bank else []


def _day(day: date) -> str:
    return format_date(day, "medium", locale=to_locale(get_language() or "en"))


# Before they were kept with the seller, a document's place had no zone and no way of writing.
def _locale_of(document: Bill | CreditNote | Receipt) -> str:
    return str(document.seller.get("locale", "en"))


def _local(document: Bill | CreditNote | Receipt, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(document.seller.get("time_zone", "UTC"))).date()
