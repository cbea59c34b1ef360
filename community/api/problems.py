"""Refusals as problem documents (RFC 9457), each with a code that stays."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from community.api.documents import CONTENT_TYPE, problem

CODES = {
    400: "malformed",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "throttled",
}


class KeyMissing(exceptions.APIException):
    status_code = 400
    default_code = "idempotency_key_missing"
    default_detail = _("Send an Idempotency-Key of 1 to 80 letters, new for each act.")


class KeyReused(exceptions.APIException):
    status_code = 409
    default_code = "idempotency_key_reused"
    default_detail = _("This Idempotency-Key was sent with another request.")


class StillWorking(exceptions.APIException):
    status_code = 409
    default_code = "request_in_progress"
    default_detail = _("The same request is being worked on. Ask again in a moment.")


def answer_problem(refusal: Exception, context: dict[str, Any]) -> Response | None:
    """Word what stopped a request; None: we have a bug, and it is a 500."""
    if isinstance(refusal, ValidationError):
        return refused(refusal)
    if isinstance(refusal, Http404):
        refusal = exceptions.NotFound()
    elif isinstance(refusal, PermissionDenied):
        refusal = exceptions.PermissionDenied()
    if not isinstance(refusal, exceptions.APIException):
        return None
    headers = {}
    if challenge := getattr(refusal, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(refusal, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    status = refusal.status_code
    if isinstance(refusal, exceptions.ValidationError):
        errors = list(_field_errors(refusal.get_full_details()))
        detail = _("Some of what was sent can't be used.")
        return _problem(status, "invalid", str(detail), headers=headers, facts={"errors": errors})
    details: Any = refusal.get_full_details()
    return _problem(status, _code(refusal, details), str(details["message"]), headers=headers)


def refused(refusal: ValidationError) -> Response:
    """What a rule of the domain says no to: 422, with its code and, where there are, its facts."""
    first = refusal.error_list[0] if not hasattr(refusal, "error_dict") else _first(refusal)
    facts: dict[str, str] = getattr(refusal, "facts", {})
    return _problem(422, first.code or "refused", first.messages[0], facts=facts)


def _first(refusal: ValidationError) -> ValidationError:
    of_first_field: list[ValidationError] = next(iter(refusal.error_dict.values()))
    return of_first_field[0]


def _code(refusal: exceptions.APIException, details: dict[str, Any]) -> str:
    code = str(details["code"])
    if code in {"authentication_failed", "parse_error"}:
        return CODES[refusal.status_code]
    return code


def _problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Response:
    body = problem(status, code, detail, facts)
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def _field_errors(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten errors: the field as a path, its code, and what is wrong."""
    if isinstance(details, list):
        for number, part in enumerate(details):
            below = path if isinstance(part, dict) and "message" in part else f"{path}.{number}"
            yield from _field_errors(part, below)
    elif "message" in details and not isinstance(details["message"], dict | list):
        yield {
            "field": path.removeprefix(".").removesuffix("non_field_errors"),
            "code": str(details["code"]),
            "detail": str(details["message"]),
        }
    else:
        for name, part in details.items():
            yield from _field_errors(part, f"{path}.{name}")
