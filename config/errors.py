"""What is answered when a page can't be shown: a page to people, a document to software."""

import sys

from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views import defaults

from community.api.documents import CONTENT_TYPE, is_for_the_api, problem

AGAIN_AFTER_SECONDS = 10


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if is_for_the_api(request.path_info):
        return _problem(400, "malformed", _("This can't be read."))
    return defaults.bad_request(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if is_for_the_api(request.path_info):
        return _problem(404, "not_found", _("There is nothing at this address."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """A database that is away or too busy is no error of ours: 503, and come again."""
    if isinstance(sys.exc_info()[1], InterfaceError | OperationalError):
        answer = _unavailable(request)
        answer["Retry-After"] = str(AGAIN_AFTER_SECONDS)
        return answer
    if is_for_the_api(request.path_info):
        words = _(
            "Something broke here. The same request may be sent again: nothing is done twice."
        )
        return _problem(500, "broken", words)
    return defaults.server_error(request)


def _unavailable(request: HttpRequest) -> HttpResponse:
    if is_for_the_api(request.path_info):
        return _problem(503, "unavailable", _("The database can't be reached. Ask again soon."))
    return HttpResponse(loader.get_template("503.html").render(), status=503)


def _problem(status: int, code: str, words: str) -> JsonResponse:
    return JsonResponse(problem(status, code, words), status=status, content_type=CONTENT_TYPE)
