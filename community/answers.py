"""How a view of ours answers a form, from a page or from a dialog that htmx sent."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect


def lead_to(request: HttpRequest, address: str, *, place: str = "") -> HttpResponseBase:
    """Lead to an address and a place on its page. A form that htmx sent leaves the page too.

    Then without the place: a browser that is there already would not load the page again.
    """
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(f"{address}{place}")


def focus_first_error(form: forms.BaseForm) -> None:
    """Let the page open at the first field that was refused."""
    for name in form.errors:
        if name in form.fields:
            form.fields[name].widget.attrs["autofocus"] = True
            return
