"""Community > Bills > To review: money that only a person can say what to do about."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from community.access import LocationRequest, for_admins, for_staff
from payments.models import ReviewCase
from payments.services.reviewing import close_review

PER_PAGE = 25


@require_GET
@for_staff
def reviews(request: LocationRequest, slug: str) -> HttpResponseBase:
    cases = (
        ReviewCase.objects.filter(location=request.location).with_what_it_is_about().open_first()
    )
    page = Paginator(cases, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "community/reviews.html", {"page": page})


@require_POST
@for_admins
def close(request: LocationRequest, slug: str, case_id: int) -> HttpResponseBase:
    case = get_object_or_404(ReviewCase, pk=case_id, location=request.location)
    try:
        close_review(case_id=case.pk, note=request.POST.get("note", ""), by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("Closed. What you wrote is kept with it."))
    return redirect("community:reviews", slug)
