from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.services.logos import MAX_BYTES, LogoTooLarge


class LogoForm(forms.Form):
    """An image file. Its name and its claimed type count for nothing."""

    image = forms.FileField(
        label=_("Image"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, at most 1 MB."),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("This file is empty."),
            "missing": _("Choose a file first."),
        },
    )

    def clean_image(self) -> bytes:
        upload: Any = self.cleaned_data["image"]
        if (upload.size or 0) > MAX_BYTES:
            raise LogoTooLarge
        content: bytes = upload.read()
        if not content:
            raise ValidationError(_("This file is empty."), code="empty")
        return content
