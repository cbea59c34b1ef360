import csv
from collections.abc import Iterator
from io import StringIO

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_scopes import scope

from community.access import LocationRequest, for_members
from credits.models import CreditOption, CreditUse, Entry
from membership.forms import MovementFilter
from membership.selectors import lot_bar
from membership.services.quotes import quote_option
from membership.views.refusals import refusal_words
from payments.models import GatewayConnection

PER_PAGE = 25
SHOWN = (  # the three rows of a movement have sixty columns
    *("credits", "balance_after", "reason", "note", "happened_at"),
    *("purchase__receipt__number", "made_by__name"),
)


@require_GET
@for_members
def home(request: LocationRequest, slug: str) -> HttpResponseBase:
    return redirect("membership:credits", slug)


@require_GET
@for_members
def overview(request: LocationRequest, slug: str) -> HttpResponseBase:
    options = CreditOption.objects.on_sale()
    return render(
        request,
        "membership/credits.html",
        {
            "lots": lot_bar(customer_id=request.principal.customer_id),
            "quotes": [quote_option(option, request.location) for option in options],
            "uses": CreditUse.objects.order_by("position", "pk"),
            "can_pay": GatewayConnection.objects.connected().exists(),
            "entries": _movements(request)[:5],
            "refusal": refusal_words(request),
        },
    )


@require_GET
@for_members
def transactions(request: LocationRequest, slug: str) -> HttpResponseBase:
    chosen = MovementFilter(request.GET, zone=request.location.zone)
    page = Paginator(chosen.apply(_movements(request)), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "membership/credit_transactions.html",
        {"page": page, "filter": chosen, "filtered": chosen.is_used},
    )


@require_GET
@for_members
def transactions_csv(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Stream the filtered movements, so that ten years of them take no memory."""
    chosen = MovementFilter(request.GET, zone=request.location.zone)
    name = f"credits-{slug}-{localtime(now(), request.location.zone):%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        _csv_lines(request, chosen),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _movements(request: LocationRequest) -> QuerySet[Entry]:
    movements: QuerySet[Entry] = (
        Entry.objects.filter(wallet__customer_id=request.principal.customer_id)
        .select_related("purchase__receipt", "made_by")
        .only(*SHOWN)
        .newest_first()
    )
    return movements


def _csv_lines(request: LocationRequest, chosen: MovementFilter) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer)

    def take() -> str:
        line = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return line

    writer.writerow([_("Date"), _("What"), _("Note"), _("Credits"), _("Balance")])
    yield take()
    # The response is read after the middleware has closed the scope: open it here.
    with scope(location=request.location):
        for entry in chosen.apply(_movements(request)).iterator(chunk_size=500):
            when = localtime(entry.happened_at, request.location.zone).isoformat(" ", "minutes")
            writer.writerow(
                [
                    when,
                    entry.get_reason_display(),
                    not_a_formula(entry.note),
                    entry.credits,
                    entry.balance_after,
                ]
            )
            yield take()


def not_a_formula(text: str) -> str:
    """Keep a spreadsheet from running text that somebody wrote as a formula."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@", "＝", "\t", "\r")) else text
