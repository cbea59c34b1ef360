"""Uploaded tables, CSV or XLSX, read into plain text cells. Nothing in them is evaluated."""

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
MAX_COLUMNS = 50
MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MAX_PARTS = 500
FARTHEST_ROW = 100_000  # empty ones counted
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
BROKEN_WORKBOOK = (
    *(zipfile.BadZipFile, zlib.error, InvalidFileException, ParseError, EOFError, OSError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError),
    *(NotImplementedError, RuntimeError),  # what zipfile says of encrypted and odd archives
)


class FileRefused(ValidationError):
    """The file as a whole can't be read as a table; the code says why."""

    WORDS = {
        "file_empty": _("The file is empty."),
        "file_too_large": _("The file is larger than 5 MB."),
        "unknown_encoding": _(
            "The letters of this file can't be read. Save it as “CSV UTF-8” and upload it again."
        ),
        "not_a_table": _("This is no CSV or Excel table, or it is damaged."),
        "old_excel": _("This is an old Excel file. Save it as .xlsx and upload it again."),
        "workbook_broken": _("This Excel file is damaged or protected. Save it again, or as CSV."),
        "workbook_too_large": _("Unpacked, this Excel file is too large. Save the table as CSV."),
        "too_many_rows": _("The table has more than 10,000 rows. Split it into several files."),
        "too_many_columns": _("The table has more than 50 columns."),
        "no_rows": _("The table has a first line with the names of its columns, but no rows."),
    }

    def __init__(self, code: str) -> None:
        super().__init__(self.WORDS[code], code=code)


@dataclass(frozen=True)
class TableRow:
    """A row with the number that a spreadsheet shows beside it."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """What a file holds: the names of its columns, and the rows that aren't empty."""

    header: list[str]
    rows: list[TableRow]
    read_as: str  # in words: “UTF-8”, “Excel”


def read_table(content: bytes) -> Table:
    """Read a CSV or XLSX file, recognised by what is in it.

    :raises FileRefused: if it is empty, too large, damaged, or in letters nobody knows
    """
    if not content.strip():
        raise FileRefused("file_empty")
    if len(content) > MAX_BYTES:
        raise FileRefused("file_too_large")
    if content.startswith(OLD_EXCEL):
        raise FileRefused("old_excel")
    if content.startswith(ZIP):
        return _table(_workbook_rows(content), "Excel")
    text, encoding = _decoded(content)
    return _table(_csv_rows(text), encoding)


def _table(lines: Iterable[tuple[int, list[str]]], read_as: str) -> Table:
    header: list[str] | None = None
    rows: list[TableRow] = []
    for number, cells in _filled(lines):
        if header is None:
            header = cells
            continue
        if len(rows) == MAX_ROWS:
            raise FileRefused("too_many_rows")
        rows.append(TableRow(number, cells))
    if header is None:
        raise FileRefused("file_empty")
    if not rows:
        raise FileRefused("no_rows")
    return Table(header, rows, read_as)


def _filled(lines: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Leave out empty rows, and the empty cells at the end of the others."""
    for number, raw in lines:
        if number > FARTHEST_ROW:
            raise FileRefused("too_many_rows")
        cells = [cell.strip() for cell in raw]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise FileRefused("too_many_columns")
        if cells:
            yield number, cells


def _decoded(content: bytes) -> tuple[str, str]:
    for bom, codec, name in BOMS:
        if content.startswith(bom):
            return _text(content, codec), name
    # Without a mark: every second byte of western UTF-16 is 0.
    for codec, zeros in (("utf-16-le", content[1:400:2]), ("utf-16-be", content[0:400:2])):
        if len(zeros) > 1 and zeros.count(0) > len(zeros) * 0.7:
            return _text(content, codec), "UTF-16"
    try:
        return _checked(content.decode("utf-8")), "UTF-8"
    except UnicodeDecodeError:
        return _text(content, "cp1252"), "Windows-1252"


def _text(content: bytes, codec: str) -> str:
    try:
        return _checked(content.decode(codec))
    except UnicodeDecodeError as unknown:
        raise FileRefused("unknown_encoding") from unknown


def _checked(text: str) -> str:
    if "\0" in text:
        raise FileRefused("not_a_table")
    return text


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first, _newline, rest = text.partition("\n")
    if first.strip().lower().startswith("sep="):  # a line that Excel writes and reads
        delimiter, text, shift = first.strip()[4:] or ",", rest, 1
    else:
        delimiter, shift = max(",;\t", key=first.count), 0
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        yield from enumerate(lines, start=1 + shift)
    except (csv.Error, TypeError) as damaged:  # TypeError: the delimiter is no single letter
        raise FileRefused("not_a_table") from damaged


def _workbook_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        _refuse_bombs(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheet = book.worksheets[0]
        # The size that a file claims would pad every row to it.
        sheet.reset_dimensions()
        lines = sheet.iter_rows(max_col=MAX_COLUMNS + 1)
        for number, row in enumerate(lines, start=1):
            yield number, [_cell_text(cell.value) for cell in row]
    except BROKEN_WORKBOOK as broken:
        raise FileRefused("workbook_broken") from broken


def _refuse_bombs(packed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            raise FileRefused("workbook_too_large")
        # No spreadsheet writes these, and what they name can grow without end.
        for part in parts:
            content = archive.read(part)
            if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
                raise FileRefused("workbook_broken")


def _cell_text(value: Any) -> str:
    """The cell as it would stand in a CSV file; a formula as its text, to be refused."""
    if value is None:
        return ""
    if isinstance(value, bool | int | str):
        return str(value)
    if isinstance(value, float):
        return f"{value:.15g}"  # as precise as Excel shows it
    if isinstance(value, datetime):
        return value.date().isoformat()
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return "="  # an array formula or a data table
