"""Ways from row to row, for those who may go them."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

if TYPE_CHECKING:
    from django.contrib.admin.options import BaseModelAdmin

    Base = BaseModelAdmin[Any]
else:
    Base = object


def link_to(row: Model | None) -> str:
    """A row's page in the admin, by its name."""
    if row is None:
        return ""
    meta = row._meta  # noqa: SLF001 - Django's documented interface
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}" class="underline">{}</a>', url, row)


class OpenLinksOnly(Base):
    """A page that names a row without a link where its reader may not open it.

    Django links every row that has a page, whoever reads.
    """

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [self._named(request, name) for name in super().get_fields(request, obj)]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [self._named(request, name) for name in super().get_readonly_fields(request, obj)]

    def _named(self, request: HttpRequest, name: Any) -> Any:
        try:
            target = self.model._meta.get_field(name).related_model  # noqa: SLF001 - documented
        except FieldDoesNotExist:
            return name
        site = self.admin_site
        if target is None or not site.is_registered(target):
            return name
        is_open = site.get_model_admin(target).has_view_permission(request)
        return name if is_open else _name_of(self.model, name)  # type: ignore[arg-type]


@cache
def _name_of(model: Any, field: str) -> Callable[[Model], str]:
    def name(row: Model) -> str:
        return str(getattr(row, field) or "")

    name.__name__ = field
    name.short_description = model._meta.get_field(field).verbose_name  # type: ignore[attr-defined] # noqa: SLF001
    return name
