from collections.abc import Callable

import structlog
from allauth.account.adapter import get_adapter
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import connection
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_structlog.middlewares import RequestMiddleware

UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}  # ASCII is part of it
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def probes(get_response: GetResponse) -> GetResponse:
    """Answer health probes before sessions, hosts and tenants are looked at."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path == "/livez":
            return HttpResponse("ok", content_type="text/plain")
        if request.path == "/readyz":
            return _readyz()
        return get_response(request)

    return middleware


def null_bytes(get_response: GetResponse) -> GetResponse:
    """Refuse addresses and cookies with a null byte: no text in the database can have one.

    What is typed into forms is theirs to refuse, in words at the field.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if any("\0" in text for text in (request.path_info, *request.COOKIES.values())):
            raise BadRequest("null byte")
        return get_response(request)

    return middleware


def only_utf8(get_response: GetResponse) -> GetResponse:
    """Refuse text in another charset, which would be read wrongly."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if (request.content_params or {}).get("charset", "utf-8").lower() not in UTF8:
            raise BadRequest("charset")
        return get_response(request)

    return middleware


class RequestLog(RequestMiddleware):
    """Logs a request under the address that limits count by, never one that it only claims."""

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        try:
            address = get_adapter().get_client_ip(request)
        except PermissionDenied:  # it has none, as through a socket; what counts by it says so
            address = ""
        structlog.contextvars.bind_contextvars(ip=address)


def _readyz() -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return HttpResponse("database unreachable", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
