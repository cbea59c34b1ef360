import base64
import binascii
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

from community.forms.fields import CreditsField
from community.principals import Principal
from notifications.kinds import KINDS, About, Audience, Group
from notifications.models import Channel
from notifications.services.push_services import check_endpoint


class EndpointForm(forms.Form):
    endpoint = forms.CharField(max_length=1000, validators=[ProhibitNullCharactersValidator()])

    def clean_endpoint(self) -> str:
        endpoint: str = self.cleaned_data["endpoint"]
        check_endpoint(endpoint)
        return endpoint


class KeyField(forms.CharField):
    """A key of so many bytes, as browsers write it: base64 for addresses, without padding."""

    def __init__(self, *, number: int) -> None:
        super().__init__(max_length=100)
        self.number = number

    def clean(self, value: Any) -> str:
        text: str = super().clean(value).rstrip("=")
        try:
            raw = base64.urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}")
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != self.number or not text.replace("-", "").replace("_", "").isalnum():
            raise ValidationError(_("This is no key of a browser."), code="no_key")
        return text


class DeviceForm(EndpointForm):
    p256dh = KeyField(number=65)
    auth = KeyField(number=16)


class PreferencesForm(forms.Form):
    """A box per kind and way, and the balance below which a member wants to be told."""

    below = CreditsField(
        label=_("Tell me when my balance falls below"),
        required=False,
        help_text=_("Empty: not at all."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        principal: Principal,
        said: Mapping[tuple[str, str], bool],
        below: Decimal | None,
    ) -> None:
        super().__init__(data, initial={"below": below})
        self.principal = principal
        if not principal.is_member:
            del self.fields["below"]
        for about in self.abouts():
            for channel in Channel:
                self._add_box(about, channel, said=said.get((about.kind, channel)))

    def abouts(self) -> list[About]:
        """The kinds that this person may come to hear of."""
        return [
            about
            for about in KINDS.values()
            if about.audience != Audience.ADMINS or self.principal.is_admin
        ]

    def _add_box(self, about: About, channel: Channel, *, said: bool | None) -> None:
        if channel in about.ways:
            self.fields[f"{about.kind}.{channel}"] = forms.BooleanField(
                label=f"{about.kind.label}: {channel.label}",
                required=False,
                initial=about.is_wanted(channel, said=said),
                disabled=not about.may_be_silenced(channel),
            )

    def groups(self) -> list[dict[str, Any]]:
        """Kinds under the heading of their group, each with a box per way or none."""
        return [
            {
                "key": group.value,
                "label": group.label,
                "rows": [
                    (about.kind.label, [(it, self._box(about, it)) for it in Channel])
                    for about in self.abouts()
                    if about.group == group
                ],
            }
            for group in Group
            if any(about.group == group for about in self.abouts())
        ]

    def _box(self, about: About, channel: Channel) -> forms.BoundField | None:
        name = f"{about.kind}.{channel}"
        return self[name] if name in self.fields else None

    def wanted(self) -> dict[tuple[str, str], bool]:
        boxes = {name: yes for name, yes in self.cleaned_data.items() if "." in name}
        return {
            (name.partition(".")[0], name.partition(".")[2]): yes for name, yes in boxes.items()
        }
