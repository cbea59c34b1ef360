from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

MOST_DIGITS = 20  # no row has a larger number


class Pages(CursorPagination):
    """Newest first; the `next` of an answer leads on, whatever is added meanwhile."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = "-pk"

    def decode_cursor(self, request: Request) -> Any:
        """As given, unless somebody wrote it themself: it must stand at a row's number."""
        cursor: Any = super().decode_cursor(request)
        if cursor and cursor.position is not None and not _is_number(cursor.position):
            raise NotFound(self.invalid_cursor_message)
        return cursor


def _is_number(position: str) -> bool:
    return position.isascii() and position.isdecimal() and len(position) < MOST_DIGITS
