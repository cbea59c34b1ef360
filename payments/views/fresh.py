"""A fresh sign-in before a gateway's keys are changed or it is left."""

from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _

from community.access import LocationRequest

FRESH_FOR = timedelta(minutes=15)


def is_fresh(request: LocationRequest) -> bool:
    """Whether they signed in or confirmed it a moment ago, or have nothing to confirm it with."""
    records = get_authentication_records(request, request.user)
    last = max((record["at"] for record in records), default=0)
    if now().timestamp() - last < FRESH_FOR.total_seconds():
        return True
    return not get_adapter().get_reauthentication_methods(request.user)


def ask_again(request: LocationRequest, page: str) -> HttpResponseBase:
    """Have them confirm that it is them, and lead back to the page.

    Not by allauth's decorator: it keeps what was posted, a key, in the session until then.
    """
    messages.info(request, _("Nothing was changed yet. Confirm that it is you, then do it again."))
    return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': page})}")
