"""Calling an endpoint: signed by Standard Webhooks, only outside, no redirect followed."""

import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from socket import gaierror
from ssl import SSLCertVerificationError
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from notifications.models import WebhookDelivery
from notifications.services.outside import LOOPBACK, AddressNotAllowed, Line

PREFIX = "whsec_"
Trouble = WebhookDelivery.Trouble
WELL_FORMED = URLValidator(schemes=["https", "http"])


class AddressUnfit(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(
            _("Give an https address without user name, like https://desk.example.com/hook."),
            code="address_unfit",
        )
        super().__init__({"url": words})


@dataclass(frozen=True)
class Answer:
    """What came of a call: the status, or why there is none."""

    status: int | None
    trouble: str = ""

    @property
    def is_gone(self) -> bool:
        return self.status == 410  # noqa: PLR2004 - as HTTP has them

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - as HTTP has them


@dataclass(frozen=True)
class Message:
    """All that a call needs.

    `secrets`: each signs, so that a receiver may change from one to the next.
    """

    url: str
    secrets: list[str]
    message_id: str
    body: bytes
    at: datetime


def check_address(url: str) -> SplitResult:
    """Take an address apart, at saving and again at calling.

    :raises AddressUnfit: unless it is https, in ASCII, without a user name
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises if it is none
        WELL_FORMED(url)
    except (ValueError, ValidationError):
        raise AddressUnfit from None
    if not url.isascii() or "@" in parts.netloc:
        raise AddressUnfit
    is_loopback = (parts.scheme, parts.hostname) == ("http", LOOPBACK) and settings.CALL_LOOPBACK
    if parts.scheme != "https" and not is_loopback:
        raise AddressUnfit
    return parts


def sign(*, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message, as Standard Webhooks has it (v1: HMAC-SHA256)."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.new(key, signed, sha256).digest()).decode()}"


def call_endpoint(message: Message) -> Answer:
    """Post a message, signed by each of its secrets. Whatever goes wrong is an answer."""
    timestamp = int(message.at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Deskmint-Webhooks/1",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            sign(
                secret=secret,
                message_id=message.message_id,
                timestamp=timestamp,
                body=message.body,
            )
            for secret in message.secrets
        ),
    }
    try:
        return Answer(_posted(check_address(message.url), message.body, headers))
    except AddressNotAllowed:
        return Answer(None, Trouble.INSIDE)
    except (gaierror, UnicodeError, ValidationError):
        return Answer(None, Trouble.NO_NAME)
    except SSLCertVerificationError:
        return Answer(None, Trouble.CERTIFICATE)
    except ConnectionRefusedError:
        return Answer(None, Trouble.REFUSED)
    except (OSError, HTTPException):
        return Answer(None, Trouble.SILENT)


def _posted(where: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    # The address is looked at by the connection that is made, so a name can't change in between.
    line: HTTPConnection = Line(where)
    try:
        line.connect()
        line.request("POST", f"{where.path or '/'}?{where.query}".rstrip("?"), body, headers)
        return line.getresponse().status
    finally:
        line.close()
