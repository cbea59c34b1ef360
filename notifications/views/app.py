"""What makes Deskmint an app: its manifest, and the worker that shows pushes."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET


@require_GET
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served at the root, whose pages it looks after; browsers ask each time for a newer one."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


@cache
def _worker() -> bytes:
    return (settings.BASE_DIR / "frontend/dist/sw.js").read_bytes()


@require_GET
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    icons = [("any", 192), ("any", 512), ("maskable", 512)]
    return JsonResponse(
        {
            "id": "/",
            "name": "Deskmint",
            "short_name": "Deskmint",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f3f7f5",
            "theme_color": "#00694b",
            "icons": [
                {
                    "src": static(f"icons/{purpose}-{size}.png"),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for purpose, size in icons
            ],
        },
        content_type="application/manifest+json",
    )
