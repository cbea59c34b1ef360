"""Tables to take away, line by line, so that ten years of rows take no memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO

from django.http import FileResponse, StreamingHttpResponse
from openpyxl import Workbook

BOM = "\ufeff"  # or Excel takes UTF-8 for something else
DANGEROUS = ("=", "+", "-", "@", "＝", "\t", "\r")
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS_IN_A_SHEET = 1_048_576  # the headings among them

Rows = Iterator[Sequence[object]]


def csv_download(rows: Rows, *, name: str) -> StreamingHttpResponse:
    """Answer with a file. Rows are read after the request: they open their location themselves."""
    return StreamingHttpResponse(
        csv_lines(rows),
        content_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def xlsx_download(sheets: Mapping[str, Iterable[Sequence[object]]], *, name: str) -> FileResponse:
    """Answer with a workbook of these sheets."""
    return FileResponse(workbook(sheets), as_attachment=True, filename=name, content_type=XLSX)


def workbook(sheets: Mapping[str, Iterable[Sequence[object]]]) -> IO[bytes]:
    """Write it to a file without a name, row by row; whoever reads it closes it."""
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([harmless(_printable(cell)) for cell in row])
    file = TemporaryFile()  # noqa: SIM115 - its reader closes it
    book.save(file)
    file.seek(0)
    return file


def harmless(cell: object) -> object:
    """Keep a spreadsheet from running text that somebody wrote as a formula."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(DANGEROUS):
        return f"'{cell}"
    return cell


def _printable(cell: object) -> object:
    # XML knows no control characters.
    if isinstance(cell, str):
        return "".join(letter for letter in cell if letter.isprintable())
    return cell


def csv_lines(rows: Rows) -> Iterator[str]:
    """Write the table line by line."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write(BOM)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
