"""A location's logo: whatever was uploaded is drawn anew, so only our own bytes are served."""

import hashlib
from datetime import datetime
from io import BytesIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from community.models import Location, LocationLogo, User
from community.services.audit import record_audit
from community.services.settings import lock_location

MAX_BYTES = 1024 * 1024
MAX_SIDE_PIXELS = 4096
SIDE_PIXELS = 256
FORMATS = ("PNG", "JPEG", "WEBP")


class LogoTooLarge(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This file is larger than 1 MB. Choose a smaller one."), "logo_large")


class LogoTooManyPixels(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("A logo has at most %(side)d pixels on each side. Choose a smaller one."),
            code="logo_too_many_pixels",
            params={"side": MAX_SIDE_PIXELS},
        )


class LogoUnreadable(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This is no PNG, JPEG or WebP image that can be read."), code="logo_unreadable"
        )


@transaction.atomic
def change_logo(*, location: Location, image: bytes, by: User, at: datetime) -> None:
    """Show this image, drawn anew, in place of the location's initials.

    :raises LogoTooLarge, LogoTooManyPixels, LogoUnreadable:
    """
    png = draw_logo(image)
    digest = hashlib.sha256(png).hexdigest()
    location = lock_location(location)
    before = _digest(location)
    if before == digest:
        return
    LocationLogo.objects.update_or_create(
        location=location, defaults={"png": png, "digest": digest, "changed_at": at}
    )
    _audit(location, before=before, after=digest, by=by, at=at)


@transaction.atomic
def remove_logo(*, location: Location, by: User, at: datetime) -> None:
    """Show the location's initials again."""
    location = lock_location(location)
    before = _digest(location)
    if before:
        LocationLogo.objects.filter(location=location).delete()
        _audit(location, before=before, after="", by=by, at=at)


def draw_logo(image: bytes) -> bytes:
    """Draw an uploaded image as a square PNG of at most 256 pixels, without its metadata.

    The content says which format it is, never the name. Only the first picture of many counts.

    :raises LogoTooLarge, LogoTooManyPixels, LogoUnreadable:
    """
    if len(image) > MAX_BYTES:
        raise LogoTooLarge
    try:
        with Image.open(BytesIO(image), formats=FORMATS) as opened:
            # Known from the header: a bomb is refused before it is unpacked.
            if max(opened.size) > MAX_SIDE_PIXELS:
                raise LogoTooManyPixels
            return _square(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise LogoTooManyPixels from bomb
    except (OSError, SyntaxError, ValueError, EOFError) as broken:
        if isinstance(broken, ValidationError):
            raise
        raise LogoUnreadable from broken


def _square(opened: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(opened).convert("RGBA")
    upright.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
    side = max(upright.size)
    square = Image.new("RGBA", (side, side))
    square.paste(upright, ((side - upright.width) // 2, (side - upright.height) // 2))
    drawn = BytesIO()
    square.save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def _digest(location: Location) -> str:
    found = LocationLogo.objects.filter(location=location).values_list("digest", flat=True)
    return found.first() or ""


def _audit(location: Location, *, before: str, after: str, by: User, at: datetime) -> None:
    record_audit(
        location=location,
        by=by,
        action="logo changed" if after else "logo removed",
        subject=f"location {location.pk}",
        at=at,
        before={"logo": before},
        after={"logo": after},
    )
