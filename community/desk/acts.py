"""What the team does to a row in the admin: with a reason, a page to confirm, and an audit record.

The domain does it, tells whom it concerns and refuses what can't be; here it gets its words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from unfold.widgets import INPUT_CLASSES

from community.desk.access import at_location, desk_behind
from community.forms.fields import PlainTextField
from community.models import User
from community.principals import Principal
from community.services import record_audit
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable

if TYPE_CHECKING:
    from community.desk.rows import ReadOnly


class ReasonForm(forms.Form):
    reason = PlainTextField(label=_("Reason"), max_length=200)


@dataclass(frozen=True)
class Doing:
    """Who does it, as whom, when, with what they filled in."""

    form: Any
    by: User
    principal: Principal
    at: datetime

    @property
    def reason(self) -> str:
        reason: str = self.form.cleaned_data["reason"]
        return reason


FormOf = Callable[[Any, Any], forms.Form]  # of what was posted, if anything, and the row


@dataclass(frozen=True)
class Act:
    """One thing to do to a row.

    `asks_gateway`: it calls a gateway, so it runs in no transaction of ours. `keeps_reason`: what
    it calls writes the audit record with the reason, or with what was changed. `ends_row`: the row
    is gone then. `after`: what is said besides when it is done.
    """

    name: str
    label: Any
    do: Callable[[Any, Doing], object]
    form: FormOf
    offered: Callable[[Any], bool] = lambda _row: True
    warning: Any = ""
    asks_gateway: bool = False
    keeps_reason: bool = False
    admins_only: bool = False
    ends_row: bool = False
    after: Callable[[HttpRequest, Any], None] = lambda _request, _row: None

    def may(self, request: HttpRequest, row: Any) -> bool:
        """Whether somebody who sees the row may do it: some are the admins' at the location too."""
        principal = desk_behind(request).principal_at(row.location_id)
        return principal.is_admin or not self.admins_only

    def is_open_to(self, request: HttpRequest, row: Any) -> bool:
        return self.may(request, row) and self.offered(row)

    def page_of(self, page: "ReadOnly") -> Callable[..., HttpResponseBase]:
        @require_http_methods(["GET", "POST"])
        def view(request: HttpRequest, pk: int) -> HttpResponseBase:
            return _confirm(page, self, request, pk)

        return view


def _confirm(page: "ReadOnly", act: Act, request: HttpRequest, pk: int) -> HttpResponseBase:
    if not page.has_view_permission(request):
        raise PermissionDenied
    row = page.get_object(request, str(pk))
    if row is None:
        raise Http404
    if not act.may(request, row):
        raise PermissionDenied(_("Only admins of the location may do this."))
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}"
    back = f"{name}_change"
    with at_location(row.location):
        if not act.offered(row):
            messages.error(request, _("That can't be done to it any more."))
            return redirect(back, pk)
        form = act.form(request.POST if request.method == "POST" else None, row)
        if form.is_valid() and _done(act, page, row, request, form):
            messages.success(request, _("Done: %(what)s.") % {"what": act.label})
            act.after(request, row)
            return redirect(f"{name}_changelist") if act.ends_row else redirect(back, pk)
    _dress(form)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "row": row,
        "act": act,
        "form": form,
        "title": act.label,
        "back": back,
    }
    return render(request, "desk/confirm.html", context)


def _dress(form: forms.Form) -> None:
    """Give the fields the admin's look."""
    for field in form.fields.values():
        if not isinstance(field.widget, forms.HiddenInput | forms.CheckboxInput):
            field.widget.attrs["class"] = " ".join(INPUT_CLASSES)


def _done(act: Act, page: "ReadOnly", row: Model, request: HttpRequest, form: forms.Form) -> bool:
    """Do it, and keep why; else the form says why not."""
    by = request.user
    assert isinstance(by, User)
    location_id: int = row.location_id  # type: ignore[attr-defined]
    doing = Doing(form, by, desk_behind(request).principal_at(location_id), now())
    try:
        if act.asks_gateway:
            act.do(row, doing)
            _keep_why(act, page, row, doing)
        else:
            with transaction.atomic():
                act.do(row, doing)
                _keep_why(act, page, row, doing)
    except ValidationError as refusal:
        _say_why_not(form, refusal)
        return False
    except (GatewayRefused, GatewayUnavailable):
        form.add_error(None, _("The payment service gave no answer to it. Try again later."))
        return False
    return True


def _say_why_not(form: forms.Form, refusal: ValidationError) -> None:
    """At its field, if it is about one that is asked for."""
    at_fields = set(getattr(refusal, "error_dict", ())) & set(form.fields)
    form.add_error(None, refusal if at_fields else ValidationError(refusal.messages))


@transaction.atomic
def _keep_why(act: Act, page: "ReadOnly", row: Model, doing: Doing) -> None:
    if act.keeps_reason:
        return
    record_audit(
        location=row.location,  # type: ignore[attr-defined]
        by=doing.by,
        action=f"admin: {act.name.replace('-', ' ')}",
        subject=page.subjects_of(row)[0],
        reason=doing.reason,
        at=doing.at,
    )
