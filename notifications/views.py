from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from community.access import LocationRequest
from notifications.models import Notification
from notifications.services import mark_notifications_read

IN_THE_MENU = 8
PER_PAGE = 25


@require_GET
def menu(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Fill the bell's popover. It says by itself, by POST, that it was seen."""
    latest = Notification.objects.visible_to(request.principal).newest_first()[:IN_THE_MENU]
    return render(request, "notifications/menu.html", {"notifications": latest})


@require_GET
def all_notifications(request: LocationRequest, slug: str) -> HttpResponseBase:
    everything = Notification.objects.visible_to(request.principal).newest_first()
    page = Paginator(everything, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "notifications/list.html", {"page": page})


@require_POST
def read(request: LocationRequest, slug: str) -> HttpResponseBase:
    mark_notifications_read(principal=request.principal, at=now())
    if "HX-Request" in request.headers:
        return render(request, "notifications/read.html")
    return redirect("notifications:list", slug)
