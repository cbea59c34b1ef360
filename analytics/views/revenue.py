"""Analytics > Revenue by Source."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from analytics.forms import LONGEST_PRESET, RevenueFilter, Span
from analytics.models import Source
from analytics.selectors import Part, Revenue, revenue_by_source
from analytics.services import month_of, month_start
from analytics.statements import select_first_month
from analytics.views.chart import chart_of
from analytics.views.tables import (
    change_percent,
    method_table,
    month_rows,
    option_table,
    source_table,
)
from analytics.wording import method_words
from community.access import LocationRequest, for_admins
from community.downloads import csv_download, xlsx_download
from credits.models import Entry
from credits.selectors import credits_without_sale, deferred_revenue
from membership.selectors import credits_claimed_free

TABLES = {"source": source_table, "method": method_table, "option": option_table}
MONTH = relativedelta(months=1)


@require_GET
@for_admins
def revenue(request: LocationRequest, slug: str) -> HttpResponseBase:
    at = now()
    chosen = _filter(request, at)
    found = _read(request, chosen)
    total, before = sum(found.totals), sum(found.before)
    return render(
        request,
        "analytics/revenue.html",
        {
            "filter": chosen,
            "presets": _presets(month_of(at, request.location.zone)),
            "revenue": found,
            "legend": [
                (part.name, Source(part.name).label, part.net_minor) for part in found.sources
            ],
            "rows": month_rows(found),
            "total_minor": total,
            "before_minor": before,
            "change_percent": change_percent(total, before),
            "chart": chart_of(found, currency=request.location.currency, compares=chosen.compares),
            "methods": _shares(found.methods, chosen.narrowed["method"]),
            "options": _shares(found.options, chosen.narrowed["option"]),
            "method_words": method_words(chosen.narrowed["method"]),
            "deferred": deferred_revenue(location_id=request.location.pk),
            "apart": _apart(request, chosen.span),
        },
    )


@require_GET
@for_admins
def revenue_file(request: LocationRequest, slug: str, form: str) -> HttpResponseBase:
    by = request.GET.get("by", "source")
    if form not in {"csv", "xlsx"} or by not in TABLES:
        raise Http404
    chosen = _filter(request, now())
    found = _read(request, chosen)
    currency = request.location.currency
    name = f"{slug}-revenue-{chosen.span.first:%Y-%m}-{chosen.span.last:%Y-%m}"
    if form == "xlsx":
        sheets = {
            _("By source"): source_table(found, currency=currency),
            _("By method"): method_table(found, currency=currency),
            _("By option"): option_table(found, currency=currency),
        }
        return xlsx_download(sheets, name=f"{name}.xlsx")
    cut = "" if by == "source" else f"-by-{by}"
    return csv_download(TABLES[by](found, currency=currency), name=f"{name}{cut}.csv")


def _filter(request: LocationRequest, at: datetime) -> RevenueFilter:
    return RevenueFilter(
        request.GET,
        earliest=select_first_month(location_id=request.location.pk),
        this_month=month_of(at, request.location.zone),
    )


def _read(request: LocationRequest, chosen: RevenueFilter) -> Revenue:
    return revenue_by_source(
        location_id=request.location.pk,
        first=chosen.span.first,
        last=chosen.span.last,
        **chosen.narrowed,
    )


@dataclass(frozen=True)
class Preset:
    label: str
    span: Span


def _presets(this_month: date) -> list[Preset]:
    january = this_month.replace(month=1)
    return [
        Preset(_("12 months"), Span.up_to(this_month, months=12)),
        Preset(_("This year"), Span(january, this_month)),
        Preset(_("Last year"), Span.up_to(january - MONTH, months=12)),
        Preset(_("36 months"), Span.up_to(this_month, months=LONGEST_PRESET)),
    ]


@dataclass(frozen=True)
class Share:
    """A method or an option among the others, with the length of its bar in percent."""

    part: Part
    name: str
    percent: int
    is_chosen: bool


def _shares(parts: tuple[Part, ...], chosen: str) -> list[Share]:
    longest = max((part.net_minor for part in parts), default=0)
    return [
        Share(
            part,
            method_words(part.name),
            max(0, part.net_minor) * 100 // longest if longest > 0 else 0,
            part.name == chosen,
        )
        for part in parts
    ]


def _apart(request: LocationRequest, span: Span) -> list[tuple[str, Decimal]]:
    """The credits that counted nothing, by how they came."""
    about: dict[str, Any] = {
        "location_id": request.location.pk,
        "from_": month_start(span.first, request.location.zone),
        "until": month_start(span.last + MONTH, request.location.zone),
    }
    added = credits_without_sale(**about)
    return [
        (_("Claimed free"), credits_claimed_free(**about)),
        (_("Given"), added.get(Entry.Reason.GIVEN, Decimal(0))),
        (_("Imported"), added.get(Entry.Reason.IMPORTED, Decimal(0))),
        (_("With plans"), added.get(Entry.Reason.PLAN, Decimal(0))),
    ]
