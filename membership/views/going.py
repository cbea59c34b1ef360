"""Where a buyer is sent next: by JSON if the checkout's script asks, else by redirect."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from membership.views.whose import Whose


def is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def go(
    request: HttpRequest, state: str, url: str, *, status: int = HTTPStatus.OK
) -> HttpResponseBase:
    """Send the reader on: the checkout's script by JSON, a plain form by redirect.

    :param status: of the JSON
    """
    if is_script(request):
        return JsonResponse({"state": state, "url": url}, status=status)
    return redirect(url)


def refuse(
    request: HttpRequest,
    about: Whose,
    code: str,
    *,
    option_id: int | None = None,
    seen: str = "",
) -> HttpResponseBase:
    """Back to where the reason is said."""
    return go(request, "refused", refusal_url(about, code, option_id=option_id, seen=seen))


def refusal_url(about: Whose, code: str, *, option_id: int | None = None, seen: str = "") -> str:
    """The option's checkout, or without an option the credits, where the reason is said.

    :param seen: the sealed quote that was confirmed, if it is another by now
    """
    url = about.credits_url if option_id is None else about.url("checkout", option_id)
    query = {"seen": seen} if seen else {"refused": code}
    return f"{url}?{urlencode(query)}"
