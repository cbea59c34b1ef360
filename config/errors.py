"""What is answered when a page can't be shown."""

import sys

from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults

AGAIN_AFTER_SECONDS = 10


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that is away or too busy is no error of ours: 503, and come again."""
    if isinstance(sys.exc_info()[1], InterfaceError | OperationalError):
        page = loader.get_template("503.html").render()
        return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN_AFTER_SECONDS)})
    return defaults.server_error(request)
