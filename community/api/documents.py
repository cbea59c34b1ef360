"""Problem documents (RFC 9457), for the API's views and for what fails outside of them.

Nothing here needs REST framework: what answers for a broken page imports it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

CONTENT_TYPE = "application/problem+json"
ROOT = "/api/v1"


def is_for_the_api(path: str) -> bool:
    return path == ROOT or path.startswith(f"{ROOT}/")


def problem(
    status: int, code: str, detail: str, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "type": f"{ROOT}/docs#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **(facts or {}),
    }
