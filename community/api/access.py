"""Who asks: software by its key, or a member's browser by its session."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_scopes import scope
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotFound, PermissionDenied
from rest_framework.request import Request

from community.models import ApiKey, Location, User
from community.principals import Principal
from community.selectors import places_of, principal_of
from community.services.answers import Holder
from community.services.api_keys import digest_of, note_use
from community.statements import select_key, select_places

Scope = ApiKey.Scope
PLACE_HEADER = "Deskmint-Location"
# A session acts for its own user: what is done to others' credits needs a key.
OF_A_SESSION = frozenset({Scope.READ, Scope.SELL})


class Caller:
    """Whom a request of the API acts for, at which location, and what that may do."""

    is_authenticated = True

    def __init__(
        self, location: Location, principal: Principal, *, key: ApiKey | None, user: User | None
    ) -> None:
        self.location, self.principal, self.key, self.user = location, principal, key, user
        self.pk = f"key:{key.pk}" if key else f"user:{principal.user_id}"

    def may(self, wanted: Scope) -> bool:
        return wanted in (self.key.scopes if self.key else OF_A_SESSION)

    @property
    def holder(self) -> Holder:
        return Holder(self.location, api_key=self.key, user=self.user)

    @property
    def acts_as(self) -> User:
        """Who stands behind what is done: the user, or whoever made the key."""
        user = self.key.made_by if self.key else self.user
        assert user
        return user


def caller_of(request: Request) -> Caller:
    """Who asks, once the request is known to come from somebody."""
    caller: Any = request.user
    assert isinstance(caller, Caller)
    return caller


class KeyAuthentication(BaseAuthentication):
    """The header `Authorization: Bearer dm_…`."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey] | None:
        kind, _space, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        key = select_key(digest_of(token.strip()))
        if key is None or key.revoked_at:
            raise AuthenticationFailed(_("No such API key."), code="key_unknown")
        if key.expires_at and key.expires_at <= now():
            raise AuthenticationFailed(_("This API key has expired."), code="key_expired")
        with scope(location=key.location):
            note_use(key=key, at=now())
        principal = Principal(user_id=0, location_id=key.location_id, api_key_id=key.pk)
        return Caller(key.location, principal, key=key, user=None), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Deskmint"'


class PersonAuthentication(SessionAuthentication):
    """The session of a signed-in person; what changes something needs the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Caller, Any] | None:
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        user: User = signed_in[0]
        place = _place(user, request.headers.get(PLACE_HEADER, ""))
        principal = principal_of(place, user_id=user.pk)
        if not (principal.is_member or principal.is_staff):
            raise PermissionDenied(_("You are not a member of this location."), "not_a_member")
        if principal.is_staff and place.require_second_factor and not is_mfa_enabled(user):
            raise PermissionDenied(_("Set up a second factor first."), "second_factor_needed")
        return Caller(place, principal, key=None, user=user), None


def _place(user: User, slug: str) -> Location:
    """The location that the header names, or the only one that the user has."""
    if not slug:
        current = places_of(user.pk).current
        if len(current) != 1:
            raise PermissionDenied(
                _("Say which location: send its address as the header Deskmint-Location."),
                "location_not_named",
            )
        slug = current[0].slug
    for place in select_places(user_id=user.pk, slug=slug):
        if place.slug == slug:
            return place
    raise NotFound
