"""The schema for programs, and the same for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from community.api.codes import MEANINGS
from community.api.describing import REFUSALS, api_schema
from community.api.views import ApiView


@dataclass(frozen=True)
class Field:
    """Something that is sent or answered, as the page lists it."""

    name: str
    kind: str
    words: str
    required: bool


@dataclass(frozen=True)
class Operation:
    """One thing that the API does."""

    name: str
    method: str
    path: str
    words: str
    scope: str
    sends: tuple[Field, ...]
    asks: tuple[Field, ...]
    gives: tuple[Field, ...]


@require_safe
def schema(request: HttpRequest) -> JsonResponse:
    return JsonResponse(api_schema(), content_type="application/vnd.oai.openapi+json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "community/api/docs.html",
        {"groups": groups(), "refusals": REFUSALS.items(), "codes": MEANINGS.items()},
    )


class NotThere(ApiView):
    """Whatever else is asked for under the API's address is 404, as a problem document."""

    schema = None

    def get(self, request: Request, rest: str) -> Response:
        raise Http404

    post = get


@cache
def groups() -> dict[str, list[Operation]]:
    """The operations of the schema by subject, in its order."""
    found: dict[str, list[Operation]] = {}
    for path, methods in api_schema()["paths"].items():
        for method, operation in methods.items():
            told = _operation(path, method, operation)
            found.setdefault(operation["tags"][0], []).append(told)
    return found


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    body = operation.get("requestBody", {})
    answer = next(it for status, it in operation["responses"].items() if status < "300")
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        words=operation.get("description", ""),
        scope=operation["x-scope"],
        sends=tuple(_fields(_json_of(body))),
        asks=tuple(
            Field(
                it["name"],
                _kind(it["schema"]),
                it.get("description", ""),
                it.get("required", False),
            )
            for it in operation.get("parameters", [])
            if it["in"] != "path"
        ),
        gives=tuple(_fields(_json_of(answer))),
    )


def _json_of(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _fields(part: dict[str, Any]) -> Iterator[Field]:
    """The fields of an object, or of the rows of a page of them."""
    whole = _whole(part)
    fields = whole.get("properties", {})
    if "results" in fields:
        yield from _fields(fields["results"]["items"])
        return
    for name, field in fields.items():
        needed = name in whole.get("required", ())
        yield Field(name, _kind(field), field.get("description", ""), needed)


def _whole(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    name = part["$ref"].rsplit("/", 1)[1]
    found: dict[str, Any] = api_schema()["components"]["schemas"][name]
    return found


def _kind(field: dict[str, Any]) -> str:
    refers = field.get("allOf", [field])[0]
    whole = _whole(refers) | {key: it for key, it in field.items() if key != "allOf"}
    kind = str(whole.get("format") or whole.get("type") or "object")
    if "enum" in whole:
        kind = " | ".join(str(it) for it in whole["enum"] if it is not None)
    return f"{kind} or null" if whole.get("nullable") else kind
