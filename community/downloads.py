"""Tables to take away, line by line, so that ten years of rows take no memory."""

import csv
import io
from collections.abc import Iterator, Sequence

from django.http import StreamingHttpResponse

BOM = "\ufeff"  # or Excel takes UTF-8 for something else
DANGEROUS = ("=", "+", "-", "@", "＝", "\t", "\r")

Rows = Iterator[Sequence[object]]


def csv_download(rows: Rows, *, name: str) -> StreamingHttpResponse:
    """Answer with a file. Rows are read after the request: they open their location themselves."""
    return StreamingHttpResponse(
        _lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def harmless(cell: object) -> object:
    """Keep a spreadsheet from running text that somebody wrote as a formula."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(DANGEROUS):
        return f"'{cell}"
    return cell


def _lines(rows: Rows) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write(BOM)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
