"""Months and ways of paying, in words."""

from datetime import date

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from payments.gateways.registry import KINDS


def month_words(month: date) -> str:
    """`Nov 2026`."""
    return dateformat.format(month, pgettext("month", "M Y"))


def method_words(method: str) -> str:
    """A way of paying as pages name it."""
    if method == "bill":
        return _("Bill")
    if method == "free":
        return _("Free")
    return str(KINDS[method].label) if method in KINDS else method
