from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    """Newest first; the `next` of an answer leads on, whatever is added meanwhile."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = "-pk"
