"""The rows behind a month of Revenue by Source."""

from datetime import date, datetime
from functools import cached_property
from typing import Any

from dateutil.relativedelta import relativedelta
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_scopes import scope

from analytics.forms import LineFilter
from analytics.models import RevenueLine, RevenueLineQuerySet
from analytics.selectors import revenue_by_source
from analytics.services import month_start
from analytics.wording import method_words
from billing.models import BillItem, CreditNote
from community.access import LocationRequest, for_admins
from community.downloads import Rows, csv_download, xlsx_download
from community.money import to_major
from membership.models import Purchase

PER_PAGE = 50
YEARS = range(1970, 3000)


@require_GET
@for_admins
def lines(request: LocationRequest, slug: str, month: str) -> HttpResponseBase:
    first = _month(month)
    chosen = LineFilter(request.GET)
    net_minor, count = _sums(request, first, chosen)
    rows = _Counted(_found(request, first, chosen).newest_first(), count)
    page = rows.get_page(request.GET.get("page"))
    return render(
        request,
        "analytics/lines.html",
        {
            "month": first,
            "key": month,
            "filter": chosen,
            "narrowed": {**chosen.chosen, "method_words": method_words(chosen.chosen["method"])},
            "net_minor": net_minor,
            "page": page,
            "rows": _with_links(request, page),
        },
    )


@require_GET
@for_admins
def lines_file(request: LocationRequest, slug: str, month: str, form: str) -> HttpResponseBase:
    first = _month(month)
    rows = _file_rows(request, first, LineFilter(request.GET))
    name = f"{slug}-revenue-lines-{first:%Y-%m}.{form}"
    if form == "csv":
        return csv_download(rows, name=name)
    if form == "xlsx":
        return xlsx_download({f"{first:%Y-%m}": rows}, name=name)
    raise Http404


def _month(text: str) -> date:
    """The first day of a month like 2026-11."""
    try:
        month = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as unknown:
        raise Http404 from unknown
    if month.year not in YEARS:
        raise Http404
    return month


def _found(request: LocationRequest, month: date, chosen: LineFilter) -> RevenueLineQuerySet:
    found = RevenueLine.objects.visible_to(request.principal).filter(
        happened_at__gte=month_start(month, request.location.zone),
        happened_at__lt=month_start(month + relativedelta(months=1), request.location.zone),
    )
    return chosen.apply(found)


def _sums(request: LocationRequest, month: date, chosen: LineFilter) -> tuple[int, int]:
    """What the rows come to and how many they are: the rollup knows without counting them."""
    wanted = chosen.chosen
    about = revenue_by_source(
        location_id=request.location.pk,
        first=month,
        last=month,
        method=wanted["method"],
        option=wanted["option"],
    )
    cells = [cell for cell in about.cells if wanted["source"] in {"", cell.source}]
    return sum(cell.net_minor for cell in cells), sum(cell.lines for cell in cells)


class _Counted(Paginator):  # type: ignore[type-arg]
    """Pages of rows whose number is known."""

    def __init__(self, rows: RevenueLineQuerySet, count: int) -> None:
        super().__init__(rows, PER_PAGE)
        self.known = count

    @cached_property
    def count(self) -> int:
        return self.known


def _with_links(
    request: LocationRequest, page: "Page[RevenueLine]"
) -> list[tuple[RevenueLine, str, str]]:
    """Each line with how it was paid, and the page of what it came from if there is one."""
    links = _links(request, [line.key for line in page])
    return [(line, method_words(line.method), links.get(line.key, "")) for line in page]


def _links(request: LocationRequest, keys: list[str]) -> dict[str, str]:
    def address(name: str, what: Any) -> str:
        return reverse(name, args=[request.location.slug, what])

    place = {"location": request.location}
    items = BillItem.objects.filter(**place)
    removed, notes = _numbered(keys, "removes"), _numbered(keys, "credit-note")
    purchases = _numbered(keys, "purchase")
    known = [
        (
            "community:bill",
            [([key], bill) for key, bill in items.filter(key__in=keys).values_list("key", "bill")],
        ),
        ("community:bill", _matched(removed, items, "bill")),
        ("membership:credit_note", _matched(notes, CreditNote.objects.filter(**place), "number")),
        ("community:purchase", _matched(purchases, Purchase.objects.filter(**place), "key")),
    ]
    return {
        key: address(page, what) for page, found in known for keys_, what in found for key in keys_
    }


def _matched(
    numbered: dict[int, list[str]], rows: QuerySet[Any], column: str
) -> list[tuple[list[str], Any]]:
    found = rows.filter(pk__in=numbered).values_list("pk", column)
    return [(numbered[pk], what) for pk, what in found]


def _numbered(keys: list[str], kind: str) -> dict[int, list[str]]:
    """The keys of one kind by the number after it: `credit-note:7:31` is of 7."""
    found: dict[int, list[str]] = {}
    for key in keys:
        name, _colon, rest = key.partition(":")
        number = rest.partition(":")[0]
        if name == kind and number.isdecimal():
            found.setdefault(int(number), []).append(key)
    return found


def _file_rows(request: LocationRequest, month: date, chosen: LineFilter) -> Rows:
    yield [_("Date"), _("Source"), _("Method"), _("What"), _("Net"), _("Currency")]
    # The response is read after the middleware has closed the scope: open it here.
    with scope(location=request.location):
        found = _found(request, month, chosen).order_by("happened_at", "pk")
        for line in found.iterator(chunk_size=500):
            yield [
                localtime(line.happened_at, request.location.zone).isoformat(" ", "minutes"),
                line.get_source_display(),
                method_words(line.method),
                line.label,
                to_major(line.net_minor, line.currency),
                line.currency,
            ]
