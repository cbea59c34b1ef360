"""What every view of the API does alike: who asks, where, and whether they may."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from django_scopes import scope
from redis.exceptions import RedisError
from rest_framework import generics
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from structlog import get_logger

from community.api.access import (
    Caller,
    KeyAuthentication,
    PersonAuthentication,
    Scope,
    caller_of,
)
from community.api.bodies import Json
from community.api.pages import Pages
from community.api.problems import answer_problem

log = get_logger(__name__)
PER_MINUTE = 600


class HasScope(BasePermission):
    """The view says which scope each method needs; a key without it is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller: Any = request.user
        if not isinstance(caller, Caller):
            return False  # nobody asks: 401
        assert isinstance(view, ApiView)
        needed = view.needs.get(request.method or "", Scope.READ)
        if not caller.may(needed):
            words = _("This needs a key with the scope %(scope)s.") % {"scope": needed.value}
            raise PermissionDenied(words, "scope_missing")
        return True


class PerCaller(BaseThrottle):
    """A number of requests per minute for each key and each user, over all web processes."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        caller: Any = request.user
        if not isinstance(caller, Caller):
            return True
        slot = f"api:{caller.pk}:{int(now().timestamp()) // 60}"
        try:
            cache.add(slot, 0, timeout=120)
            return bool(cache.incr(slot) <= PER_MINUTE)
        except RedisError as silence:
            log.warning("api_throttle_unavailable", error=str(silence))
            return True  # what moves credits is guarded elsewhere; it does not stop with the cache

    def wait(self) -> float:
        return 60 - now().timestamp() % 60


class ApiView(APIView):
    """A view of the API: inside the caller's location, refusals as problem documents."""

    authentication_classes = (KeyAuthentication, PersonAuthentication)
    permission_classes = (HasScope,)
    throttle_classes = (PerCaller,)
    parser_classes = (Json,)
    renderer_classes: Sequence[type[BaseRenderer]] = (JSONRenderer,)
    metadata_class = None  # what there is to know stands in the schema
    needs: ClassVar[dict[str, Scope]] = {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.stack:
            return super().dispatch(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        caller: Any = request.user
        if isinstance(caller, Caller):
            self.stack.enter_context(scope(location=caller.location))

    @property
    def default_response_headers(self) -> dict[str, str]:
        return super().default_response_headers | {"Cache-Control": "private, no-store"}

    @property
    def caller(self) -> Caller:
        return caller_of(self.request)

    def get_exception_handler(self) -> Any:
        return answer_problem


class RowsView(ApiView, generics.GenericAPIView[Any]):
    """A view of rows: `rows` gives those that the caller may see."""

    rows: Callable[[Caller], QuerySet[Any]]

    def get_queryset(self) -> QuerySet[Any]:
        return type(self).rows(self.caller)


class ListView(RowsView, generics.ListAPIView[Any]):
    pagination_class = Pages
    filter_backends = (DjangoFilterBackend,)


class DetailView(RowsView, generics.RetrieveAPIView[Any]):
    pass
