"""Settings > Notifications: whom mails are from, and what became of the last deliveries."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from community.access import LocationRequest, for_admins
from community.forms.settings import MailsForm
from community.services.settings import MAILS, change_settings
from community.views.settings.saving import fresh, save
from notifications.models import Delivery

PER_PAGE = 50


class DeliveryFilter(forms.Form):
    state = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("All states")), *Delivery.State.choices],
        widget=forms.Select(attrs={"aria-label": gettext_lazy("State")}),
    )

    @property
    def chosen(self) -> str:
        return str(self.cleaned_data.get("state", "")) if self.is_valid() else ""


@require_http_methods(["GET", "POST"])
@for_admins
def notifications(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = MailsForm(request.POST or None, row=request.location)

    def write() -> None:
        change_settings(
            location=request.location,
            names=MAILS,
            values=form.values(),
            seen=form.seen,
            action="mail settings changed",
            by=request.user,
            at=now(),
        )

    def saved() -> MailsForm:
        return MailsForm(row=fresh(request))

    if form.is_valid() and save(form, write, saved=saved):
        messages.success(request, _("Notifications saved."))
        return redirect("community:settings_notifications", slug)
    return render(request, "community/settings/notifications.html", {"form": form})


@require_GET
@for_admins
def deliveries(request: LocationRequest, slug: str) -> HttpResponseBase:
    """The last pushes and emails: to whom, of which kind, and why one did not go. No contents."""
    search = DeliveryFilter(request.GET)
    found = Delivery.objects.visible_to(request.principal)
    if state := search.chosen:
        found = found.filter(state=state)
    found = found.select_related("notification__user").newest_first()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "search": search}
    return render(request, "community/settings/deliveries.html", context)
