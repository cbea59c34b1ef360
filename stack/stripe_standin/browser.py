"""What a page in a browser loads and may call: the card form's script, and CORS.

The script is localstripe's, read from where the package is installed and never copied. It calls
the URL that it was loaded from, less `/js.stripe.com/v3/`.
"""

from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

SCRIPT = "localstripe-v3.js"


def find_script() -> Path | None:
    # Importing localstripe would load its whole server and a stored state, so it is only located.
    spec = find_spec("localstripe")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / SCRIPT


async def serve_script(_request: web.Request) -> web.Response:
    path = find_script()
    if path is None:
        raise web.HTTPNotFound(text="The package localstripe is not installed.")
    return web.Response(text=path.read_text(), content_type="text/javascript", charset="utf-8")


def allow_any_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Open the answer to the application's pages, which have another origin."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Request-Id, Idempotent-Replayed"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        wanted = request.headers.get("Access-Control-Request-Headers", "Content-Type")
        response.headers["Access-Control-Allow-Headers"] = wanted
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE, OPTIONS"
        response.headers["Access-Control-Allow-Private-Network"] = "true"
