"""Settings > API: keys with which other software acts for the location."""

from secrets import token_urlsafe

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from community.forms.api_keys import ApiKeyForm
from community.models import ApiKey
from community.services.api_keys import make_api_key, revoke_api_key
from notifications.models import WebhookEndpoint


@never_cache
@require_http_methods(["GET", "POST"])
@for_admins
def api(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = ApiKeyForm(request.POST or None)
    if not form.is_valid():
        return _page(request, form)
    token = f"dm_{token_urlsafe(32)}"
    try:
        key = make_api_key(
            location=request.location,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            token=token,
            expires_at=form.expires_at(request.location),
            by=request.user,
            at=now(),
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _page(request, form)
    # In the answer itself and nowhere else: it is shown once.
    return _page(request, ApiKeyForm(), made=key, token=token)


@require_POST
@for_admins
def revoke(request: LocationRequest, slug: str, key_id: int) -> HttpResponseBase:
    key = get_object_or_404(ApiKey, pk=key_id)
    revoke_api_key(key=key, by=request.user, at=now())
    messages.success(request, _("%(name)s is revoked.") % {"name": key.name})
    return redirect("community:settings_api", slug)


def _page(
    request: LocationRequest, form: ApiKeyForm, *, made: ApiKey | None = None, token: str = ""
) -> HttpResponse:
    keys = ApiKey.objects.filter(revoked_at=None).select_related("made_by").order_by("-pk")
    endpoints = WebhookEndpoint.objects.filter(removed_at=None).order_by("pk")
    context = {
        "form": form,
        "keys": keys,
        "endpoints": endpoints,
        "made": made,
        "token": token,
        "at": now(),
    }
    return render(request, "community/settings/api.html", context)
