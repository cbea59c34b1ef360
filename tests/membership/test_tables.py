import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from membership.services.tables import MAX_BYTES, FileRefused, read_table

HEADER = "Email,Name,Credits\n"


def csv(text, encoding="utf-8"):
    return text.encode(encoding)


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(content, **parts):
    """The same workbook with other parts in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for part in old.infolist():
            new.writestr(part.filename, parts.pop(part.filename, old.read(part)))
        for name, text in parts.items():
            new.writestr(name, text)
    return file.getvalue()


def refused(content):
    with pytest.raises(FileRefused) as refusal:
        read_table(content)
    return refusal.value.code


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_the_letters_are_recognised(encoding, read_as):
    table = read_table(csv(f"{HEADER}zoe@h.test,Zoë Grün,5\n", encoding))

    assert table.header == ["Email", "Name", "Credits"]
    assert table.rows[0].cells == ["zoe@h.test", "Zoë Grün", "5"]
    assert table.read_as == read_as


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_is_recognised(delimiter, end):
    lines = [["Email", "Name"], ["a@h.test", '"Holm, Mia; \t"']]

    table = read_table(csv(end.join(delimiter.join(line) for line in lines)))

    assert table.rows[0].cells == ["a@h.test", "Holm, Mia;"]


def test_excels_line_about_the_delimiter_is_no_header():
    table = read_table(csv("sep=;\r\nEmail;Name\r\na@h.test;Mia\r\n"))

    assert table.header == ["Email", "Name"]
    assert table.rows[0].number == 3


def test_empty_rows_are_skipped_and_numbers_are_those_of_the_spreadsheet():
    table = read_table(csv(f"{HEADER}\n,,\na@h.test,Mia,1\n"))

    assert [(row.number, row.cells[0]) for row in table.rows] == [(4, "a@h.test")]


def test_a_workbook_is_read_as_it_is_seen():
    table = read_table(
        workbook(
            ["Email", "Name", "Credits", "Start"],
            [None, None, None, None],
            ["a@h.test", "Mia", 0.1 + 0.2, date(2026, 11, 22)],
        )
    )

    assert table.read_as == "Excel"
    assert [(row.number, row.cells) for row in table.rows] == [
        (3, ["a@h.test", "Mia", "0.3", "2026-11-22"])
    ]


def test_a_formula_stays_its_text():
    table = read_table(workbook(["Email", "Credits"], ["a@h.test", "=1+1"]))

    assert table.rows[0].cells[1] == "=1+1"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \n\n ", "file_empty"),
        (b",,\n,,\n", "file_empty"),
        (HEADER.encode(), "no_rows"),
        (b"a" * (MAX_BYTES + 1), "file_too_large"),
        (b"Email,Name\n\x81\x8d\xff", "unknown_encoding"),
        (b"\xff\xfeE\x00-\x00\xd8", "unknown_encoding"),
        (b"%PDF-1.7\n\x00\x01\x02\xff\xfe", "not_a_table"),
        (b'Email,Name\n"a@h.test,Mia\n', "not_a_table"),
        (b"sep=ab\nEmail\n", "not_a_table"),
        (b"\xd0\xcf\x11\xe0 old excel", "old_excel"),
        (b"PK\x03\x04 not really", "workbook_broken"),
        (HEADER.encode() + b"a@h.test,Mia,1\n" * 10_001, "too_many_rows"),
        (HEADER.encode() + b"x" + b",x" * 50, "too_many_columns"),
        (HEADER.encode() + b'"' + b"x" * 200_000 + b'"', "not_a_table"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(content, code):
    assert refused(content) == code


def test_ten_thousand_rows_are_not_too_many():
    assert len(read_table(HEADER.encode() + b"a@h.test,Mia,1\n" * 10_000).rows) == 10_000


def test_a_zip_that_grows_without_end_is_refused():
    bomb = repacked(workbook(["Email"], ["a@h.test"]), **{"xl/bomb.xml": b"0" * 60_000_000})

    assert len(bomb) < MAX_BYTES
    assert refused(bomb) == "workbook_too_large"


def test_a_workbook_with_entities_is_refused():
    sheet = (
        b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<sheetData/></worksheet>"
    )
    content = repacked(workbook(["Email"], ["a@h.test"]), **{"xl/worksheets/sheet1.xml": sheet})

    assert refused(content) == "workbook_broken"


@pytest.mark.parametrize(("place", "code"), [("A2000000000", "too_many_rows"), ("XFD2", "no_rows")])
def test_a_workbook_that_claims_to_be_enormous_takes_no_room(place, code):
    row = place.lstrip("AXFD")
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<dimension ref="A1:XFD1048576"/><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Email</t></is></c></row>'
        f'<row r="{row}"><c r="{place}"><v>1</v></c></row></sheetData></worksheet>'
    )
    content = repacked(
        workbook(["Email"], ["a@h.test"]), **{"xl/worksheets/sheet1.xml": sheet.encode()}
    )

    assert refused(content) == code
