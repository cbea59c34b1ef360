"""One push to one browser: encrypted, signed, sent once, to addresses of the open internet only."""

import json
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult

from django.conf import settings
from py_vapid import Vapid
from pywebpush import WebPusher

from notifications.services.push_services import check_endpoint

CONNECT_SECONDS = 5
ANSWER_SECONDS = 10
KEPT_SECONDS = 24 * 60 * 60  # by the push service, while the device is away
TOKEN_HOURS = 12
GONE = frozenset({404, 410})
# Addresses that carry one of the older internet in them, which may be one of ours.
CARRIERS = [IPv6Network(net) for net in ("::/96", "64:ff9b::/96", "2002::/16", "2001::/32")]


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


class AddressNotAllowed(Exception):
    """The name of a push service leads to where no push service is."""


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
    line = _Line(where)
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


class _Line(HTTPConnection):
    """A connection whose address was looked at when it was made, not before."""

    def __init__(self, where: SplitResult) -> None:
        self.tls = _tls() if where.scheme == "https" else None
        super().__init__(where.hostname or "", where.port or 443, timeout=ANSWER_SECONDS)

    def connect(self) -> None:
        self.sock = connect_outside(self.host, self.port)
        if self.tls:
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.host)
        self.sock.settimeout(ANSWER_SECONDS)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def connect_outside(host: str, port: int) -> socket.socket:
    """Connect to the first address of a name, if all of its addresses may be spoken to.

    :raises AddressNotAllowed: if one lies in a private, local or otherwise special net
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_kind, address in found]
    if not all(may_be_spoken_to(address) for address in addresses):
        raise AddressNotAllowed(host)
    return socket.create_connection((addresses[0], port), timeout=CONNECT_SECONDS)


def may_be_spoken_to(address: str) -> bool:
    ip = ip_address(address.partition("%")[0])
    if settings.PUSH_LOOPBACK and str(ip) == "127.0.0.1":
        return True
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return may_be_spoken_to(str(ip.ipv4_mapped))
        if any(ip in net for net in CARRIERS):
            return False
    return ip.is_global and not ip.is_multicast
