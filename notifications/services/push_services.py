"""Where pushes may go: the push services of browsers, by https, and nowhere else."""

from functools import cache
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from py_vapid import Vapid
from py_vapid.utils import b64urlencode

from notifications.services.outside import LOOPBACK

HOSTS = frozenset({"fcm.googleapis.com", "jmt17.google.com", "web.push.apple.com"})
DOMAINS = (".push.apple.com", ".push.services.mozilla.com", ".notify.windows.com")


class UnknownPushService(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This browser's push service is not known. Nothing was saved."),
            code="unknown_push_service",
        )


@cache
def public_key() -> str:
    """What browsers subscribe with: the public half of our key. Empty: pushes are off."""
    if not settings.VAPID_PRIVATE_KEY:
        return ""
    private = Vapid.from_raw(settings.VAPID_PRIVATE_KEY.encode())
    point = private.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key: str = b64urlencode(point)
    return key


def check_endpoint(endpoint: str) -> SplitResult:
    """Take an endpoint apart, at saving and again at sending.

    :raises UnknownPushService: unless it is https at a push service's own port
    """
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise UnknownPushService from None
    host = (parts.hostname or "").rstrip(".")
    if settings.CALL_LOOPBACK and (parts.scheme, host) == ("http", LOOPBACK):
        return parts
    is_known = host in HOSTS or host.endswith(DOMAINS)
    if parts.scheme != "https" or "@" in parts.netloc or port not in {None, 443} or not is_known:
        raise UnknownPushService
    return parts
