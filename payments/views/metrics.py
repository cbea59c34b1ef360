"""Numbers for operations, as Prometheus reads them; for this machine, or whoever has the token."""

from secrets import compare_digest

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET
from django_scopes import scopes_disabled
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from payments.selectors import payment_figures

HERE = {"127.0.0.1", "::1"}
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-Ip")
RECONCILED_AT = "reconciled_at"  # in the cache, by the task that asks about pending charges


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        raise Http404
    with scopes_disabled():  # sums of the whole installation, of no location's rows
        figures = payment_figures(at=now())
    registry = CollectorRegistry()
    for name, (says, figure) in figures.items():
        Gauge(f"deskmint_{name}", says, registry=registry).set(figure)
    lag = Gauge(
        "deskmint_reconciler_lag_seconds",
        "Since all pending charges were last asked about; NaN if not known",
        registry=registry,
    )
    lag.set(_reconciler_lag())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_read(request: HttpRequest) -> bool:
    """Behind a proxy everybody comes from this machine, so what was forwarded needs the token."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN:
        return compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    forwarded = any(name in request.headers for name in FORWARDED)
    return request.META.get("REMOTE_ADDR") in HERE and not forwarded


def _reconciler_lag() -> float:
    reconciled_at = cache.get(RECONCILED_AT)
    return (now() - reconciled_at).total_seconds() if reconciled_at else float("nan")
