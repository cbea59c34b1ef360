"""What an uploaded table says of each new member, and all that is wrong with it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.models import Location
from membership.services.cells import (
    CellRefused,
    read_company,
    read_credits,
    read_email,
    read_expiry,
    read_name,
    read_plain,
    read_role,
    read_start,
    read_vat,
)
from membership.services.known import Known, NewMember, look_around, refusals
from membership.services.periods import local_day
from membership.services.tables import Table, TableRow

T = TypeVar("T")
Columns = Mapping[str, int | None]

REQUIRED = ("email", "name")
FIELDS = {
    "email": _("Email"),
    "name": _("Name"),
    "start": _("Start"),
    "credits": _("Opening credits"),
    "expiry": _("Expiry of credits"),
    "company": _("Company"),
    "role": _("Role in the company"),
    "plan": _("Plan"),
    "vat_number": _("VAT number"),
}
HEADINGS = {
    "email": {"email", "emailaddress", "mail", "emailadresse", "login"},
    "name": {"name", "fullname", "member", "membername", "person"},
    "start": {"start", "startdate", "startedon", "joined", "joinedon", "since", "membersince"},
    "credits": {"credits", "openingcredits", "balance", "openingbalance", "credit"},
    "expiry": {"expiry", "expires", "expirydate", "expireson", "lapses", "validuntil"},
    "company": {"company", "companyname", "firm", "firma", "organisation", "organization", "team"},
    "role": {"role", "companyrole", "roleinthecompany", "roleincompany", "rolle"},
    "plan": {"plan", "planname", "membershipplan", "tariff", "tarif", "subscription"},
    "vat_number": {"vat", "vatnumber", "vatid", "vatno", "vatin", "taxid", "ustidnr", "ustid"},
}


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
class CellError:
    """What is wrong in one cell; `field` names the column."""

    row: int
    field: str
    code: str
    value: str
    name: str = ""  # of the company or plan that the reason speaks of


@dataclass
class Checked:
    """The outcome of a dry run."""

    known: Known
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
    today = local_day(location, at)
    seen: set[str] = set()
    read = [_read_row(_Reading(row, columns), seen, today) for row in table.rows]
    known = look_around([new for _reading, new in read], location=location, at=at)
    checked = Checked(known)
    numbers: dict[str, str] = {}  # of companies, as the first row that has one says
    for reading, new in read:
        for name, code, of in refusals(new, known):
            reading.refuse(name, code, of)
        if new.company and new.vat_number:
            first = numbers.setdefault(known.folded[new.company], new.vat_number)
            if first != new.vat_number and not reading.has_error("vat_number"):
                reading.refuse("vat_number", "vat_number_differs", new.company)
        if reading.errors:
            checked.errors += reading.in_order()
            checked.wrong_rows += 1
        else:
            checked.members.append(new)
    return checked


def _read_row(reading: "_Reading", seen: set[str], today: date) -> tuple["_Reading", NewMember]:
    new = NewMember(
        email=reading.take("email", lambda text: read_email(text, seen), ""),
        name=reading.take("name", read_name, ""),
        start=reading.take("start", lambda text: read_start(text, today), None),
        credits=reading.take("credits", read_credits, Decimal(0)),
        expiry=reading.take("expiry", lambda text: read_expiry(text, today), None),
        company=reading.take("company", read_company, ""),
        role=reading.take("role", read_role, None),
        plan=reading.take("plan", str, ""),
        vat_number=reading.take("vat_number", read_vat, ""),
    )
    if new.expiry and not new.credits and not reading.has_error("credits"):
        reading.refuse("expiry", "expiry_without_credits")
    if new.role and not new.company and not reading.has_error("company"):
        reading.refuse("role", "role_without_company")
    return reading, new


class _Reading:
    """One row being read: its cells by field, and what was refused so far."""

    def __init__(self, row: TableRow, columns: Columns) -> None:
        self.row = row
        self.columns = columns
        self.errors: list[CellError] = []

    def take(self, field: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(read_plain(self._text(field)))
        except CellRefused as refusal:
            self.refuse(field, refusal.why)
            return otherwise

    def refuse(self, field: str, code: str, name: str = "") -> None:
        self.errors.append(CellError(self.row.number, field, code, self._text(field)[:80], name))

    def in_order(self) -> list[CellError]:
        """As the fields stand on the page, wherever they were found."""
        return sorted(self.errors, key=lambda error: list(FIELDS).index(error.field))

    def has_error(self, field: str) -> bool:
        return any(error.field == field for error in self.errors)

    def _text(self, field: str) -> str:
        place = self.columns.get(field)
        if place is None or place >= len(self.row.cells):
            return ""
        return self.row.cells[place]
