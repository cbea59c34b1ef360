from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from community.access import LocationRequest
from notifications.kinds import KINDS, About, Words, words_of
from notifications.models import Notification
from notifications.services import mark_notifications_read, notifications_of
from notifications.statements import count_unread

IN_THE_MENU = 8
PER_PAGE = 25


@dataclass(frozen=True)
class Line:
    notification: Notification
    about: About
    words: Words


@require_GET
def menu(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Fill the bell's popover. It says by itself, by POST, that it was seen."""
    latest = notifications_of(request.principal)[:IN_THE_MENU]
    return render(request, "notifications/menu.html", {"lines": _lines(latest)})


@require_GET
def all_notifications(request: LocationRequest, slug: str) -> HttpResponseBase:
    everything = Paginator(notifications_of(request.principal), PER_PAGE)
    page = everything.get_page(request.GET.get("page"))
    context = {"page": page, "lines": _lines(page.object_list)}
    return render(request, "notifications/list.html", context)


@require_GET
def unread(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Answer how many wait, for pages that stay open: by one small query, without the frame."""
    number = count_unread(location_id=request.location.pk, user_id=request.user.pk)
    return _count(number)


@require_POST
def read(request: LocationRequest, slug: str) -> HttpResponseBase:
    mark_notifications_read(principal=request.principal, at=now())
    if "HX-Request" in request.headers:
        return _count(0)
    return redirect("notifications:list", slug)


def _count(number: int) -> HttpResponse:
    context = {"unread_count": number, "swapped": True}
    return HttpResponse(render_to_string("notifications/_unread.html", context))


def _lines(notifications: Any) -> list[Line]:
    return [Line(it, KINDS[it.kind], words_of(it)) for it in notifications]
