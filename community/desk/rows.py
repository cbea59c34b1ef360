"""The admin's lists and pages of rows that nobody edits there."""

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import label_for_field
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import TabularInline as UnfoldTabularInline

from community.desk.access import desk_behind
from community.desk.acts import Act
from community.desk.filters import LocationFilter
from community.desk.finding import MOST_OF_A_LOOKUP, Finding, found_all
from community.desk.history import history_of
from community.desk.links import OpenLinksOnly
from community.desk.taking import take_list
from community.models import Export
from community.money import format_credits, format_money

if TYPE_CHECKING:
    from django.contrib import admin

    Base = admin.ModelAdmin[Any]
    BaseInline = admin.TabularInline[Any, Any]
else:
    Base, BaseInline = UnfoldModelAdmin, UnfoldTabularInline

MOST_COUNTED = 5000
LONGEST_SEARCH = 100


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than somebody would page: a full count reads the whole table."""

    @cached_property
    def count(self) -> int:
        counted: int = self.object_list.order_by()[: MOST_COUNTED + 1].count()  # type: ignore[attr-defined]
        return counted


class DeskPage(Base):
    """A page of the admin: the operator's, and where it says so the team's of a location."""

    for_staff = False
    actions = None
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count the whole table, once for each choice

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        wanted = super().get_list_filter(request)
        return [("location", LocationFilter) if it == "location" else it for it in wanted]

    def may_look(self, request: HttpRequest) -> bool:
        desk = desk_behind(request)
        return desk.is_operator or (self.for_staff and desk.is_open)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may_look(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_look(request)


class ReadOnly(OpenLinksOnly, DeskPage):
    """Rows to look at. Whoever asks, whatever their rights: no adding, changing, deleting."""

    finding: Finding | None = None
    money: tuple[str, ...] = ()  # columns in minor units that the foot of a narrowed list sums
    credits_column = ""
    place = "location"  # lookup to whose rows they are; without one they aren't taken away
    subject = ""  # how audit records call a row, if not by its model
    acts: tuple[Act, ...] = ()
    list_before_template = "desk/before_list.html"
    change_form_before_template = "desk/acts.html"
    change_form_outer_after_template = "desk/history.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words = search_term.strip()[:LONGEST_SEARCH]
        if self.finding is None or not words:
            return super().get_search_results(request, queryset, words)
        found = self.finding.among(queryset, words, desk_behind(request))
        request.found_all = found.is_all  # type: ignore[attr-defined]
        return found.rows, False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [path("export.<str:form>", wrap(self.export), name=f"{name}_export")]
        own += [
            path(f"<int:pk>/{act.name}/", wrap(act.page_of(self)), name=f"{name}_{act.name}")
            for act in self.acts
        ]
        return [*own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        listed = getattr(answer, "context_data", {}).get("cl")
        if listed is not None:
            is_whole = found_all(request)
            is_narrowed = bool(listed.has_active_filters or listed.query)
            answer.context_data |= {  # type: ignore[attr-defined]
                "sums": self._sums(listed.queryset) if is_narrowed and is_whole else [],
                "most_found": 0 if is_whole else MOST_OF_A_LOOKUP,
                "may_narrow": bool(self.money or self.credits_column),
                "too_many": listed.result_count > MOST_COUNTED,
                "most_counted": MOST_COUNTED,
                "export": is_whole
                and self.place
                and f"admin:{self.opts.app_label}_{self.opts.model_name}_export",
            }
        return answer

    def _sums(self, rows: QuerySet[Any]) -> list[str]:
        """What the listed rows come to, by currency."""
        rows = rows.order_by()
        found = []
        if self.credits_column:
            total = rows.aggregate(sum=Sum(self.credits_column))["sum"]
            found.append(format_credits(total or Decimal(0)))
        for column in self.money:
            label = str(label_for_field(column, self.model)).partition(",")[0].capitalize()
            found += [
                f"{label}: {format_money(row['sum'], row['currency'])}"
                for row in rows.values("currency").annotate(sum=Sum(column)).order_by("currency")
            ]
        return found

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = {**(extra_context or {}), "row": row}
        if row is not None and self.has_view_permission(request):
            offered = [act for act in self.acts if act.is_open_to(request, row)]
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
            context |= {
                "acts": [(f"{name}_{act.name}", act.label) for act in offered],
                "history": history_of(self, row),
                "can_have_history": hasattr(row, "location_id"),
            }
        return super().change_view(request, object_id, form_url, context)

    def subjects_of(self, row: Any) -> list[str]:
        """What audit records call a row."""
        return [f"{self.subject or self.opts.model_name} {row.pk}"]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the audit. Django's own log is of what is edited here, which is nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            return super().history_view(request, object_id, extra_context)
        about = urlencode({"subject__in": ",".join(self.subjects_of(row))})
        return redirect(f"{reverse('admin:community_auditrecord_changelist')}?{about}")

    @method_decorator(require_http_methods(["GET", "POST"]))
    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """Answer with the rows that the list would show, as a file."""
        known = self.place and form in Export.Form.values
        if not known or not self.has_view_permission(request):
            raise Http404
        return take_list(self, request, form)


class Inline(OpenLinksOnly, BaseInline):
    """Parts of a row, to look at."""

    can_delete = False
    extra = max_num = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True
