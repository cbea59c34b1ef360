from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from community.access import LocationRequest
from community.models import Customer
from notifications.forms import PreferencesForm
from notifications.kinds import KINDS
from notifications.models import BalanceWish, Channel
from notifications.services import (
    choose_low_balance,
    choose_preferences,
    read_unsubscribe_token,
    said_by,
)


@require_http_methods(["GET", "POST"])
def preferences(request: LocationRequest, slug: str) -> HttpResponseBase:
    wish = BalanceWish.objects.filter(customer_id=request.principal.customer_id).first()
    form = PreferencesForm(
        request.POST or None,
        principal=request.principal,
        said=said_by(request.user.pk),
        below=wish.below if wish else None,
    )
    if form.is_valid():
        _save(request, form, had=wish)
        messages.success(request, _("Preferences saved."))
        return redirect("notifications:preferences", slug)
    return render(request, "notifications/preferences.html", {"form": form})


@transaction.atomic
def _save(request: LocationRequest, form: PreferencesForm, *, had: BalanceWish | None) -> None:
    choose_preferences(user_id=request.user.pk, wanted=form.wanted())
    below = form.cleaned_data.get("below")
    if request.principal.is_member and below != (had.below if had else None):
        customer = Customer.objects.get(pk=request.principal.customer_id)
        choose_low_balance(customer=customer, below=below)


@csrf_exempt  # mail programs post here by themselves; the token is the right
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop the mails of one kind; a mail's link leads here, signed in or not."""
    read = read_unsubscribe_token(token)
    if read is None:
        raise Http404
    user_id, kind = read
    done = request.method == "POST"
    if done:
        choose_preferences(user_id=user_id, wanted={(kind, Channel.EMAIL): False})
    context = {"kind": KINDS[kind].kind.label, "done": done}
    return render(request, "notifications/unsubscribe.html", context)
