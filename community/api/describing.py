"""The schema: what each operation is answered, its scope and its headers, said once for all."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Where the code is explained."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stays the same; act on this."},
        "detail": {"type": "string", "description": "For people to read."},
        "errors": {
            "type": "array",
            "description": "Which fields can't be used, with 400.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "needed": {"type": "string", "description": "Credits, of `insufficient_credits`."},
        "available": {"type": "string", "description": "Credits, of `insufficient_credits`."},
    },
}
REFUSALS = {
    "400": "Something that was sent can't be used.",
    "401": "No key, or one that isn't valid.",
    "403": "The key lacks the scope, or the person may not.",
    "404": "Not there, or of another location.",
    "406": "An answer in another form than JSON was asked for.",
    "409": "The Idempotency-Key was sent with another request, or that request is still running.",
    "413": "Too large.",
    "415": "Not JSON.",
    "422": "A rule says no; the code says which.",
    "429": "Too many requests; Retry-After says when to go on.",
    "500": "We have a bug. The same request may be sent again.",
    "503": "The database is away or busy; Retry-After says when to go on.",
}
WITH_A_BODY = {"409", "413", "415", "422"}
SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"session": []}]


class Described(AutoSchema):
    """Adds what all operations have: refusals, security, the scope, the idempotency key."""

    def get_override_parameters(self) -> list[Any]:
        if self.method == "GET":
            return []
        if not getattr(self.view, "is_once", True):
            return []
        return [
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="New for each act, the same when it is sent again. Kept for 30 days.",
            )
        ]

    def get_auth(self) -> list[dict[str, Any]]:
        return SECURITY

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        needed = getattr(self.view, "needs", {}).get(self.method, "read")
        operation["x-scope"] = str(needed)
        for status, words in REFUSALS.items():
            if self.method == "GET" and status in WITH_A_BODY:
                continue
            operation["responses"][status] = {
                "description": words,
                "content": {"application/problem+json": {"schema": self._problem()}},
            }
        return operation

    def _problem(self) -> dict[str, Any]:
        problem = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(problem)
        ref: dict[str, Any] = problem.ref
        return ref


@cache
def api_schema() -> dict[str, Any]:
    """The whole schema (OpenAPI 3), made once per process."""
    generator = SchemaGenerator(urlconf="community.api.urls")  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schema["servers"] = [{"url": "/api/v1"}]
    return schema
