"""One push to one browser: encrypted, signed, sent once."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from http.client import HTTPException, HTTPResponse
from urllib.parse import SplitResult

from django.conf import settings
from py_vapid import Vapid
from pywebpush import WebPusher

from notifications.services.outside import AddressNotAllowed, Line
from notifications.services.push_services import check_endpoint

KEPT_SECONDS = 24 * 60 * 60  # by the push service, while the device is away
TOKEN_HOURS = 12
GONE = frozenset({404, 410})


class PushNotTaken(Exception):
    """Not taken for sure; it may be tried again."""

    def __init__(self, why: str, *, after_seconds: int = 0) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds


class PushRefused(Exception):
    """Trying again would be refused alike."""


class PushOutcomeUnknown(Exception):
    """It was sent, and no answer came."""


class DeviceGone(Exception):
    """The push service knows the device no longer."""


@dataclass(frozen=True)
class Device:
    endpoint: str
    p256dh: str
    auth: str


def send_push(device: Device, *, title: str, text: str, link: str, at: datetime) -> None:
    """Hand a push to its service.

    :raises PushNotTaken, PushRefused, PushOutcomeUnknown, DeviceGone: as they say
    :raises UnknownPushService: if the endpoint is none that is known
    """
    where = check_endpoint(device.endpoint)
    payload = json.dumps({"title": title, "text": text, "link": link}).encode()
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    body = WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(payload)["body"]
    headers = {
        "Authorization": authorization(_audience(where), at.replace(minute=0, second=0)),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEPT_SECONDS),
        "Urgency": "normal",
    }
    _judge(_post(where, body, headers))


@lru_cache(maxsize=64)
def authorization(audience: str, hour: datetime) -> str:
    """Prove to a push service that it is us, for half a day."""
    expires = hour.replace(microsecond=0) + timedelta(hours=TOKEN_HOURS)
    claims = {"aud": audience, "exp": int(expires.timestamp()), "sub": settings.VAPID_CONTACT}
    signed: dict[str, str] = _vapid().sign(claims)
    return signed["Authorization"]


@cache
def _vapid() -> Vapid:
    return Vapid.from_raw(settings.VAPID_PRIVATE_KEY.encode())


def _audience(where: SplitResult) -> str:
    return f"{where.scheme}://{where.netloc}"


def _post(where: SplitResult, body: bytes, headers: dict[str, str]) -> HTTPResponse:
    """No redirect is followed, and no proxy of the environment is used."""
    line = Line(where)
    try:
        line.connect()
    except AddressNotAllowed as refusal:
        raise PushRefused(f"address not allowed: {refusal}") from refusal
    except OSError as trouble:
        line.close()
        raise PushNotTaken(f"not connected: {trouble}") from trouble
    try:
        line.request("POST", f"{where.path}?{where.query}".rstrip("?"), body, headers)
        return line.getresponse()
    except (OSError, HTTPException) as trouble:
        raise PushOutcomeUnknown(f"no answer: {trouble!r}") from trouble
    finally:
        line.close()


def _judge(answer: HTTPResponse) -> None:
    status = answer.status
    if status in {200, 201, 202, 204}:
        return
    why = f"HTTP {status}"
    if status in GONE:
        raise DeviceGone(why)
    if status == 429 or status >= 500:  # noqa: PLR2004 - as HTTP has them
        after = answer.headers.get("Retry-After", "")
        raise PushNotTaken(why, after_seconds=int(after) if after.isdecimal() else 0)
    raise PushRefused(why)
