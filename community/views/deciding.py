"""A decision about a row of a list that was refused: the list again, with what was typed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from community.access import LocationRequest


@dataclass(frozen=True)
class Refused:
    row_id: int
    note: str
    words: str


def refused_of(request: LocationRequest, row_id: int, words: str) -> Refused:
    return Refused(row_id, request.POST.get("note", ""), words)


def beside(rows: Iterable[Any], refused: Refused | None) -> list[tuple[Any, Refused | None]]:
    """Each row with the refusal that is about it."""
    return [(row, refused if refused and refused.row_id == row.pk else None) for row in rows]


def back_to_page(request: LocationRequest, name: str) -> HttpResponseBase:
    """Back to the part of the list from which was decided."""
    page = request.GET.get("page", "")
    part = f"?page={page}" if page.isascii() and page.isdigit() else ""
    return redirect(f"{reverse(name, args=[request.location.slug])}{part}")
