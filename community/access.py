"""Who may open a page: decorators for the views under a location's address."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from community.models import Location, User
from community.principals import Principal

P = ParamSpec("P")


class LocationRequest(HttpRequest):
    """A signed-in request under a location's address, as the middleware leaves it."""

    user: User
    location: Location
    principal: Principal


View = Callable[Concatenate[LocationRequest, P], HttpResponseBase]


def for_members(view: View[P]) -> View[P]:
    """Members of the location, suspended ones too: what they may do is the domain's to say."""

    @wraps(view)
    def wrapper(request: LocationRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.principal.is_member:
            # Whoever gets here without being one works for the location.
            context = {"place": request.location}
            return render(request, "membership/joining/not_yet.html", context, status=403)
        return view(request, *args, **kwargs)

    return wrapper


def for_customers(view: View[P]) -> View[P]:
    """Members of the location and those who left: their own documents stay theirs."""

    @wraps(view)
    def wrapper(request: LocationRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not (request.principal.is_member or request.principal.is_former):
            context = {"place": request.location}
            return render(request, "membership/joining/not_yet.html", context, status=403)
        return view(request, *args, **kwargs)

    return wrapper


def for_staff(view: View[P]) -> View[P]:
    """Staff and admins of the location, to read."""

    @wraps(view)
    def wrapper(request: LocationRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.principal.is_staff:
            raise PermissionDenied(_("This page is for the staff of the location."))
        return view(request, *args, **kwargs)

    return wrapper


def for_admins(view: View[P]) -> View[P]:
    """Admins of the location."""

    @wraps(view)
    def wrapper(request: LocationRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.principal.is_admin:
            raise PermissionDenied(_("Only admins of the location may do this."))
        return view(request, *args, **kwargs)

    return wrapper
