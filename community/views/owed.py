"""Community > … > To review > Owed credits: used, and then their money was taken back."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from community.access import LocationRequest, for_admins, for_staff
from community.views.deciding import Refused, back_to_page, beside, refused_of
from membership.models import OwedCredits
from membership.services.owing import settle_owed, waive_owed

PER_PAGE = 25


@require_GET
@for_staff
def owed(request: LocationRequest, slug: str) -> HttpResponseBase:
    return _show(request)


def _show(request: LocationRequest, refused: Refused | None = None) -> HttpResponseBase:
    rows = OwedCredits.objects.filter(location=request.location)
    listed = rows.with_what_it_is_about().open_first()
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "community/owed.html", {"page": page, "rows": beside(page, refused)})


@require_POST
@for_admins
def settle(request: LocationRequest, slug: str, owed_id: int) -> HttpResponseBase:
    return _decide(request, settle_owed, owed_id, _("Settled. The customer is told."))


@require_POST
@for_admins
def waive(request: LocationRequest, slug: str, owed_id: int) -> HttpResponseBase:
    return _decide(request, waive_owed, owed_id, _("Waived. The customer is told."))


def _decide(
    request: LocationRequest, decide: Callable[..., object], owed_id: int, done: str
) -> HttpResponseBase:
    get_object_or_404(OwedCredits, pk=owed_id, location=request.location)
    try:
        decide(owed_id=owed_id, note=request.POST.get("note", ""), by=request.user, at=now())
    except ValidationError as refusal:
        words = refusal.messages[0]
        if OwedCredits.objects.filter(pk=owed_id, state=OwedCredits.State.OPEN).exists():
            return _show(request, refused_of(request, owed_id, words))
        messages.error(request, words)
    else:
        messages.success(request, done)
    return back_to_page(request, "community:owed")
