"""The cells of an uploaded table, one by one: what each says, or why it can't be taken."""

import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from billing.services import VatNumberInvalid, read_vat_number
from community.models import CompanyMember
from credits.services.options import MAX_CREDITS

LONGEST_CELL = 1000
LONGEST_EMAIL, LONGEST_NAME = 254, 150  # what an account holds
LONGEST_COMPANY = 150
EARLIEST_START = date(1950, 1, 1)
LATEST_START = timedelta(days=31)
LATEST_EXPIRY = timedelta(days=50 * 365)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][0-9:.]+)?")
_DOTS = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_CREDITS = re.compile(r"[-+]?\d{1,15}(?:[.,]\d{1,15})?")
_FORMULA = re.compile(r"[=@]|[-+](?![\d.,])")
JOINERS = "\u200c\u200d"  # Persian and Indian names need them


class CellRefused(ValidationError):
    """One cell of a table can't be taken; the code says why."""

    WORDS = {
        "email_missing": _("There is no email address."),
        "email_invalid": _("This is no email address."),
        "email_too_long": _("An email address has at most 254 characters."),
        "email_twice": _("This address stands in an earlier row, too."),
        "already_member": _("This person is a member already."),
        "left_before": _("This person was a member and left. Invite them to come back."),
        "account_closed": _("The account of this person is closed."),
        "name_missing": _("There is no name."),
        "name_too_long": _("A name has at most 150 characters."),
        "start_unreadable": _("This is no date. Write it as 2026-11-22."),
        "start_too_early": _("This start is before 1950."),
        "start_in_future": _("This start is more than a month away."),
        "credits_not_a_number": _("This is no number. Write it as 1000 or 2.5."),
        "credits_ambiguous": _("This may be thousands or decimals. Write 1000 or 1.25."),
        "credits_negative": _("Opening credits can't be below 0."),
        "credits_too_precise": _("Credits have at most two decimal places."),
        "credits_too_many": _("This is more than 1,000,000 credits."),
        "expiry_unreadable": _("This is no date. Write it as 2026-11-22."),
        "expiry_past": _("This day is over: the credits would have lapsed."),
        "expiry_too_far": _("This expiry is more than 50 years away. Leave it empty for never."),
        "expiry_without_credits": _("There is an expiry, but there are no credits to expire."),
        "date_ambiguous": _("Day and month can be read in two ways. Write it as 2026-11-22."),
        "credits_of_a_member": _(
            "This person is a member already. Opening credits are for new members."
        ),
        "company_too_long": _("The name of a company has at most 150 characters."),
        "company_closed": _("This company is closed. Reopen it first."),
        "role_unknown": _("This is no role. Write manager or member."),
        "role_without_company": _("There is a role, but there is no company."),
        "is_manager_already": _("This person is manager of %(name)s already."),
        "is_member_already": _("This person is member of %(name)s already."),
        "plan_unknown": _("There is no plan “%(name)s”."),
        "plan_archived": _("The plan “%(name)s” is archived. Bring it back first."),
        "has_another_plan": _("This person has the plan %(name)s."),
        "vat_number_invalid": _(
            "This is no VAT number. Write it with its country, like DE123456789."
        ),
        "vat_number_differs": _("%(name)s has another VAT number."),
        "formula": _("This looks like a formula. Formulas aren't computed: paste the values."),
        "control_characters": _("There are invisible characters in this cell."),
        "cell_too_long": _("This cell has more than 1,000 characters."),
    }

    def __init__(self, code: str) -> None:
        super().__init__(self.WORDS[code], code=code)
        self.why = code

    @classmethod
    def worded(cls, code: str, name: str) -> str:
        """The reason as a sentence; `name` is of the company or plan it speaks of."""
        return str(cls.WORDS[code]) % {"name": name}


def read_plain(text: str) -> str:
    if len(text) > LONGEST_CELL:
        raise CellRefused("cell_too_long")
    if any(
        unicodedata.category(letter) in {"Cc", "Cf", "Cs"}
        for letter in text
        if letter not in JOINERS
    ):
        raise CellRefused("control_characters")
    if _FORMULA.match(text):
        raise CellRefused("formula")
    return text


def read_email(text: str, seen: set[str]) -> str:
    email = text.lower()
    if not email:
        raise CellRefused("email_missing")
    if len(email) > LONGEST_EMAIL:
        raise CellRefused("email_too_long")
    try:
        validate_email(email)
    except ValidationError as invalid:
        raise CellRefused("email_invalid") from invalid
    if email in seen:
        raise CellRefused("email_twice")
    seen.add(email)
    return email


def read_name(text: str) -> str:
    if not text:
        raise CellRefused("name_missing")
    if len(text) > LONGEST_NAME:
        raise CellRefused("name_too_long")
    return text


def read_company(text: str) -> str:
    if len(text) > LONGEST_COMPANY:
        raise CellRefused("company_too_long")
    return text


def read_vat(text: str) -> str:
    try:
        return read_vat_number(text)
    except VatNumberInvalid as invalid:
        raise CellRefused("vat_number_invalid") from invalid


def read_role(text: str) -> CompanyMember.Role | None:
    """A role as the database, or a language of the product, calls it; None: the row has none."""
    if not text:
        return None
    word = text.lower()
    for role in CompanyMember.Role:
        if word == role.value or word in _labels(role):
            return role
    raise CellRefused("role_unknown")


@cache
def _labels(role: CompanyMember.Role) -> set[str]:
    labels = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            labels.add(str(role.label).lower())
    return labels


def read_start(text: str, today: date) -> date | None:
    day = _date(text, "start_unreadable")
    if day and day < EARLIEST_START:
        raise CellRefused("start_too_early")
    if day and day > today + LATEST_START:
        raise CellRefused("start_in_future")
    return day


def read_expiry(text: str, today: date) -> date | None:
    day = _date(text, "expiry_unreadable")
    if day and day < today:
        raise CellRefused("expiry_past")
    if day and day > today + LATEST_EXPIRY:
        raise CellRefused("expiry_too_far")
    return day


def _date(text: str, unreadable: str) -> date | None:
    if not text:
        return None
    if found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DOTS.fullmatch(text):
        day, month, year = found.groups()
    elif found := _SLASHES.fullmatch(text):
        day, month, year = found.groups()
        if int(day) <= 12 and int(month) <= 12 and day != month:  # noqa: PLR2004 - months
            raise CellRefused("date_ambiguous")
        if int(month) > 12:  # noqa: PLR2004
            day, month = month, day
    else:
        raise CellRefused(unreadable)
    try:
        return date(int(year), int(month), int(day))
    except ValueError as no_such_day:
        raise CellRefused(unreadable) from no_such_day


def read_credits(text: str) -> Decimal:
    if not text:
        return Decimal(0)
    if not _CREDITS.fullmatch(text):
        raise CellRefused("credits_not_a_number")
    if re.fullmatch(r"[-+]?\d{1,3},\d{3}", text):
        raise CellRefused("credits_ambiguous")
    number = Decimal(text.replace(",", "."))
    if number < 0:
        raise CellRefused("credits_negative")
    if number > MAX_CREDITS:
        raise CellRefused("credits_too_many")
    if number != round(number, 2):
        raise CellRefused("credits_too_precise")
    return number
