"""What all settings pages do alike: save unless somebody was quicker, and confirm effects first."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core import signing
from django.core.exceptions import ValidationError

from community.access import LocationRequest
from community.forms.settings import SettingsForm
from community.models import Location
from community.services.settings import ChangedMeanwhile

F = TypeVar("F", bound=SettingsForm)
SALT = "deskmint.settings"
GOOD_FOR_SECONDS = 60 * 60


def save(form: SettingsForm, write: Callable[[], object], *, saved: Callable[[], Any]) -> bool:
    """Let the domain write. What it refuses is said in the form, and nothing was written.

    :param saved: the same form, filled with what is saved by now
    """
    try:
        write()
    except ChangedMeanwhile:
        meet(form, saved())
    except ValidationError as refusal:
        form.add_error(None, refusal)
    else:
        return True
    return False


def meet(form: SettingsForm, saved: SettingsForm) -> None:
    """Show both values of what somebody else changed; saving again puts the reader's in place."""
    form.conflicts = form.differences_to(saved)
    form.take_version_of(saved)


def fresh(request: LocationRequest) -> Location:
    return Location.objects.get(pk=request.location.pk)


def seal(request: LocationRequest, form: SettingsForm) -> str:
    """Fold what was sent into a signed ticket, for the confirm page to send it again."""
    facts = {
        "location": request.location.pk,
        "user": request.user.pk,
        "form": type(form).__name__,
        "data": {name: str(form.data.get(name, "")) for name in form.fields},
    }
    return signing.dumps(facts, salt=SALT, compress=True)


def unseal(request: LocationRequest, form: type[SettingsForm]) -> dict[str, str] | None:
    """Read what was to be confirmed; None if the ticket is forged, too old, or another's."""
    try:
        facts = signing.loads(request.POST.get("ticket", ""), salt=SALT, max_age=GOOD_FOR_SECONDS)
    except signing.BadSignature:
        return None
    mine = (request.location.pk, request.user.pk, form.__name__)
    if (facts["location"], facts["user"], facts["form"]) != mine:
        return None
    data: dict[str, str] = facts["data"]
    return data
