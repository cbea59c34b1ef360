"""What a browser's script asks for: pushes on, off, and on again after a sign-in."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from community.access import LocationRequest
from notifications.forms import DeviceForm, EndpointForm
from notifications.services.devices import end_device, keep_device, know_device_again


@require_POST
def subscribe(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = DeviceForm(request.POST)
    if not form.is_valid():
        return _refused(form)
    keep_device(
        user=request.user,
        session_key=request.session.session_key or "",
        browser=request.headers.get("User-Agent", "").replace("\0", ""),
        at=now(),
        **form.cleaned_data,
    )
    return HttpResponse(status=204)


@require_POST
def unsubscribe(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return _refused(form)
    end_device(user=request.user, endpoint=form.cleaned_data["endpoint"], at=now())
    return HttpResponse(status=204)


@require_POST
def refresh(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Tell a browser that holds a subscription whether it is one of this person's."""
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return _refused(form)
    known = know_device_again(
        user=request.user,
        session_key=request.session.session_key or "",
        endpoint=form.cleaned_data["endpoint"],
    )
    return JsonResponse({"known": known})


def _refused(form: EndpointForm) -> HttpResponse:
    messages = [error for errors in form.errors.values() for error in errors]
    return JsonResponse({"error": " ".join(ValidationError(messages).messages)}, status=400)
