"""A call to Stripe, and its failures sorted into what Deskmint tells apart."""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
import stripe
from django.conf import settings

from payments.gateways.protocol import (
    CustomerGone,
    GatewayRefused,
    GatewayShut,
    GatewayUnavailable,
    NotPermitted,
)

T = TypeVar("T", bound=stripe.StripeObject)


class Line(stripe.RequestsClient):
    """Asks again after an error or a cut connection, not after a silence: a thread waited for it.

    What such a call has done is unknown, and is looked up later.
    """

    def __init__(self) -> None:
        super().__init__(timeout=settings.STRIPE_TIMEOUT_SECONDS)

    def request(self, *args: Any, **kwargs: Any) -> tuple[Any, int, Mapping[str, str]]:
        try:
            return super().request(*args, **kwargs)
        except stripe.APIConnectionError as unheard:
            if isinstance(unheard.__cause__, requests.Timeout):
                unheard.should_retry = False
            raise


def ask(call: Callable[..., T], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Call Stripe and sort what can go wrong into refused and unheard.

    A declined card passes through as stripe.CardError: it is an answer.
    """
    return hear(call, *args, **kwargs)[0]


def hear(
    call: Callable[..., T], *args: Any, **kwargs: Any
) -> tuple[dict[str, Any], datetime | None]:
    """Call Stripe likewise, and give its time beside its answer."""
    try:
        answer = call(*args, **kwargs)
    except stripe.CardError:
        raise
    except stripe.InvalidRequestError as no:
        raise _refusal(no) from no
    except stripe.PermissionError as denied:
        raise NotPermitted(_code_of(denied), str(denied)) from denied
    except stripe.AuthenticationError as shut:
        raise GatewayShut(_code_of(shut), str(shut)) from shut
    except stripe.StripeError as unheard:
        raise GatewayUnavailable(str(unheard)) from unheard
    return answer.to_dict(), _time_of(answer)


def _refusal(no: stripe.InvalidRequestError) -> GatewayRefused:
    code, param = _code_of(no), getattr(no, "param", None) or ""
    if (code, param) == ("resource_missing", "customer"):
        return CustomerGone(str(no))
    return GatewayRefused(code, str(no), param=param)


def _code_of(error: stripe.StripeError) -> str:
    # The library passes the code on for some kinds of errors only; the answer has it for all.
    body: Any = error.json_body or {}
    told = body.get("error") or {}
    return error.code or told.get("code") or type(error).__name__


def _time_of(answer: stripe.StripeObject) -> datetime | None:
    response = answer.last_response
    told = response.headers.get("Date") if response else None
    try:
        return parsedate_to_datetime(told) if told else None
    except ValueError:
        return None
