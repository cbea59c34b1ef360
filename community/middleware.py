from collections.abc import Callable
from contextvars import ContextVar

from allauth.mfa.utils import is_mfa_enabled
from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone, translation
from django_scopes import scope

from community.desk.access import Desk, desk_of
from community.selectors import principal_of, sort_places
from community.statements import select_places
from membership.views.joining import not_a_member

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# What those who left may still open: their own documents.
OPEN_TO_FORMER = {
    "community:former",
    "membership:receipt",
    "membership:receipt_pdf",
    "membership:bills",
    "membership:bill",
    "membership:bill_pdf",
    "membership:pay_bill",
    "membership:bill_payment",
    "membership:bill_payment_status",
    "membership:confirm_bill_payment",
    "membership:payment_back",
    "membership:credit_note",
    "membership:credit_note_pdf",
}
time_format: ContextVar[str] = ContextVar("time_format", default="")


def ways_of_the_reader(get_response: GetResponse) -> GetResponse:
    """Speak the language and write times as a signed-in reader has chosen."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return get_response(request)
        token = time_format.set(request.user.time_format)
        try:
            if not request.user.language:
                return get_response(request)
            with translation.override(request.user.language):
                return get_response(request)
        finally:
            time_format.reset(token)

    return middleware


def location_of_the_page(get_response: GetResponse) -> GetResponse:
    """Open the scope of the location that the address names, for those who belong there.

    Strangers to a location get the page that says how to join; what is not theirs
    inside it is 404 by the scope. The operator's admin works across locations.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return get_response(request)
        if match.app_name == "admin":
            return _at_desk(request, get_response)
        if "slug" not in match.kwargs:
            return get_response(request)
        return _at_location(request, match, get_response)

    return middleware


# The admin's scripts evaluate the expressions of their own markup, and one writes a style sheet.
OF_THE_ADMIN = csp_update({"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]})


def _at_desk(request: HttpRequest, get_response: GetResponse) -> HttpResponseBase:
    """Open to the operator what is everybody's, to a location's team what is theirs."""
    user = request.user
    request.desk = desk = desk_of(user) if user.is_authenticated else Desk(0)  # type: ignore[attr-defined]
    if desk.is_open and not is_mfa_enabled(user):
        return render(request, "community/second_factor_needed.html", status=403)
    with desk.opened():
        answer: HttpResponseBase = OF_THE_ADMIN(get_response)(request)
        return answer


def _at_location(
    request: HttpRequest, match: ResolverMatch, get_response: GetResponse
) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    slug = match.kwargs["slug"]
    places = select_places(user_id=request.user.pk, slug=slug)
    location = next((place for place in places if place.slug == slug), None)
    if location is None:
        raise Http404
    request.location = location  # type: ignore[attr-defined]
    request.places = sort_places(places)  # type: ignore[attr-defined]
    principal = principal_of(location, user_id=request.user.pk)
    request.principal = principal  # type: ignore[attr-defined]
    with scope(location=location), timezone.override(location.zone):
        if not (principal.is_member or principal.is_staff):
            if principal.is_former and match.view_name in OPEN_TO_FORMER:
                return get_response(request)
            return not_a_member(request, location)
        if (
            principal.is_staff
            and location.require_second_factor
            and not is_mfa_enabled(request.user)
        ):
            return render(request, "community/second_factor_needed.html", status=403)
        return get_response(request)
