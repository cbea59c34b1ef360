"""Community > … > To review: money that only a person can say what to do about."""

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
from membership.services.reviewing import fail_review, settle_review
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable
from payments.models import ReviewCase
from payments.services.reviewing import close_review
from payments.wording import mismatch_words

PER_PAGE = 25


@require_GET
@for_staff
def reviews(request: LocationRequest, slug: str) -> HttpResponseBase:
    return _show(request)


def _show(request: LocationRequest, refused: Refused | None = None) -> HttpResponseBase:
    cases = (
        ReviewCase.objects.filter(location=request.location).with_what_it_is_about().open_first()
    )
    page = Paginator(cases, PER_PAGE).get_page(request.GET.get("page"))
    rows = [(case, mismatch_words(case), again) for case, again in beside(page, refused)]
    return render(request, "community/reviews.html", {"page": page, "rows": rows})


@require_POST
@for_admins
def close(request: LocationRequest, slug: str, case_id: int) -> HttpResponseBase:
    get_object_or_404(ReviewCase, pk=case_id, location=request.location)
    return _decide(request, close_review, case_id, _("Closed. What you wrote is kept with it."))


@require_POST
@for_admins
def settle(request: LocationRequest, slug: str, case_id: int) -> HttpResponseBase:
    """Take the money for what was asked, if the gateway says that it is there."""
    _find_mismatch(request, case_id)
    return _decide(request, settle_review, case_id, _("Settled: what it was for is paid."))


@require_POST
@for_admins
def fail(request: LocationRequest, slug: str, case_id: int) -> HttpResponseBase:
    _find_mismatch(request, case_id)
    done = _("The payment has failed. Pay back at the payment service what arrived.")
    return _decide(request, fail_review, case_id, done)


def _find_mismatch(request: LocationRequest, case_id: int) -> ReviewCase:
    found: ReviewCase = get_object_or_404(
        ReviewCase,
        pk=case_id,
        location=request.location,
        reason=ReviewCase.Reason.MISMATCH,
    )
    return found


def _decide(
    request: LocationRequest, decide: Callable[..., object], case_id: int, done: str
) -> HttpResponseBase:
    try:
        decide(case_id=case_id, note=request.POST.get("note", ""), by=request.user, at=now())
    except ValidationError as refusal:
        return _again(request, case_id, refusal.messages[0])
    except (GatewayRefused, GatewayUnavailable):
        words = _("The payment service gave no answer about this. Nothing was changed.")
        return _again(request, case_id, words)
    messages.success(request, done)
    return back_to_page(request, "community:reviews")


def _again(request: LocationRequest, case_id: int, words: str) -> HttpResponseBase:
    """Ask once more; of a case that somebody closed meanwhile only the refusal is left."""
    if ReviewCase.objects.open().filter(pk=case_id).exists():
        return _show(request, refused_of(request, case_id, words))
    messages.error(request, words)
    return back_to_page(request, "community:reviews")
