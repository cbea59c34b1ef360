"""What an uploaded table says of each new member, and all that is wrong with it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from community.models import Location, Member, User
from credits.services.options import MAX_CREDITS
from membership.services.tables import Table, TableRow

T = TypeVar("T")
Columns = Mapping[str, int | None]

REQUIRED = ("email", "name")
FIELDS = {
    "email": _("E-mail"),
    "name": _("Name"),
    "start": _("Start"),
    "credits": _("Opening credits"),
    "expiry": _("Expiry of credits"),
}
HEADINGS = {
    "email": {"email", "emailaddress", "mail", "emailadresse", "login"},
    "name": {"name", "fullname", "member", "membername", "person"},
    "start": {"start", "startdate", "startedon", "joined", "joinedon", "since", "membersince"},
    "credits": {"credits", "openingcredits", "balance", "openingbalance", "credit"},
    "expiry": {"expiry", "expires", "expirydate", "expireson", "lapses", "validuntil"},
}
LONGEST_CELL = 1000
LONGEST_EMAIL, LONGEST_NAME = 254, 150  # what an account holds
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
        "email_missing": _("There is no e-mail address."),
        "email_invalid": _("This is no e-mail address."),
        "email_too_long": _("An e-mail address has at most 254 characters."),
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
        "formula": _("This looks like a formula. Formulas aren't computed: paste the values."),
        "control_characters": _("There are invisible characters in this cell."),
        "cell_too_long": _("This cell has more than 1,000 characters."),
    }

    def __init__(self, code: str) -> None:
        super().__init__(self.WORDS[code], code=code)
        self.why = code


class ColumnsRefused(ValidationError):
    """The choice of columns can't be: one is missing or taken twice."""

    WORDS = {
        "column_missing": _("Choose the column that holds this."),
        "column_unknown": _("The table has no such column."),
        "column_twice": _("Another field takes this column already."),
    }

    def __init__(self, field: str, code: str) -> None:
        super().__init__({field: ValidationError(self.WORDS[code], code=code)})


@dataclass(frozen=True)
class NewMember:
    """A row that can be taken as it is."""

    email: str
    name: str
    start: date | None = None
    credits: Decimal = Decimal(0)
    expiry: date | None = None


@dataclass(frozen=True)
class CellError:
    """What is wrong in one cell; `field` names the column."""

    row: int
    field: str
    code: str
    value: str


@dataclass
class Checked:
    """The outcome of a dry run."""

    members: list[NewMember] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    wrong_rows: int = 0


def guess_columns(header: list[str]) -> dict[str, int | None]:
    """Find each field's column by its heading: the first that fits."""
    plain = [re.sub(r"[^a-z]", "", heading.lower()) for heading in header]
    return {
        name: next((place for place, heading in enumerate(plain) if heading in known), None)
        for name, known in HEADINGS.items()
    }


def check_columns(columns: Columns, *, header: list[str]) -> None:
    """See that the table can be read by these columns.

    :raises ColumnsRefused: if a needed one is missing, or one is chosen twice
    """
    chosen: set[int] = set()
    for name in FIELDS:
        place = columns.get(name)
        if place is None:
            if name in REQUIRED:
                raise ColumnsRefused(name, "column_missing")
            continue
        if not 0 <= place < len(header):
            raise ColumnsRefused(name, "column_unknown")
        if place in chosen:
            raise ColumnsRefused(name, "column_twice")
        chosen.add(place)


def check_table(table: Table, columns: Columns, *, location: Location, at: datetime) -> Checked:
    """Read every row, and collect what can't be taken, cell by cell."""
    today = at.astimezone(location.zone).date()
    checked = Checked()
    known = _known_people(table, columns["email"], location)
    seen: set[str] = set()
    for row in table.rows:
        reading = _Reading(row, columns)
        member = NewMember(
            email=reading.take("email", lambda text: _email(text, seen, known), ""),
            name=reading.take("name", _name, ""),
            start=reading.take("start", lambda text: _start(text, today), None),
            credits=reading.take("credits", _credits, Decimal(0)),
            expiry=reading.take("expiry", lambda text: _expiry(text, today), None),
        )
        if member.expiry and not member.credits and not reading.has_error("credits"):
            reading.refuse("expiry", "expiry_without_credits")
        if reading.errors:
            checked.errors += reading.errors
            checked.wrong_rows += 1
        else:
            checked.members.append(member)
    return checked


class _Reading:
    """One row being read: its cells by field, and what was refused so far."""

    def __init__(self, row: TableRow, columns: Columns) -> None:
        self.row = row
        self.columns = columns
        self.errors: list[CellError] = []

    def take(self, field: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(_plain(self._text(field)))
        except CellRefused as refusal:
            self.refuse(field, refusal.why)
            return otherwise

    def refuse(self, field: str, code: str) -> None:
        self.errors.append(CellError(self.row.number, field, code, self._text(field)[:80]))

    def has_error(self, field: str) -> bool:
        return any(error.field == field for error in self.errors)

    def _text(self, field: str) -> str:
        place = self.columns.get(field)
        if place is None or place >= len(self.row.cells):
            return ""
        return self.row.cells[place]


def _known_people(table: Table, place: int | None, location: Location) -> dict[str, str]:
    """Why those who have an account can't be taken; empty: they can."""
    assert place is not None
    emails = {row.cells[place].lower() for row in table.rows if place < len(row.cells)}
    states = dict(Member.objects.filter(location=location).values_list("user_id", "state"))
    why = {None: "", Member.State.LEFT.value: "left_before"}
    return {
        lowered: why.get(states.get(pk), "already_member") if active else "account_closed"
        for pk, lowered, active in User.objects.annotate(lowered=Lower("email"))
        .filter(lowered__in=emails)
        .values_list("pk", "lowered", "is_active")
    }


def _plain(text: str) -> str:
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


def _email(text: str, seen: set[str], known: dict[str, str]) -> str:
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
    if why := known.get(email):
        raise CellRefused(why)
    return email


def _name(text: str) -> str:
    if not text:
        raise CellRefused("name_missing")
    if len(text) > LONGEST_NAME:
        raise CellRefused("name_too_long")
    return text


def _start(text: str, today: date) -> date | None:
    day = _date(text, "start_unreadable")
    if day and day < EARLIEST_START:
        raise CellRefused("start_too_early")
    if day and day > today + LATEST_START:
        raise CellRefused("start_in_future")
    return day


def _expiry(text: str, today: date) -> date | None:
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


def _credits(text: str) -> Decimal:
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
