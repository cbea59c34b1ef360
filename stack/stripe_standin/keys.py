"""API keys: which kind a request carries, and what that kind may do.

Any test key of a plausible shape opens the account that the address names. At the root the key
says whose it is, as at Stripe: `rk_test_harbour_loft_demo` is of the account `harbour-loft`. Two
words in a key make it a bad one: `revoked`, and `nopermission`, which refuses everything or only
the resources named after it (`rk_test_nopermission_refunds`).
"""

import base64
import binascii
import re
from dataclasses import dataclass
from http import HTTPStatus

from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import words

SHAPE = re.compile(r"(sk|rk|pk)_(test|live)_[A-Za-z0-9_]{4,}")
OWNER = re.compile(r"(?:sk|rk|pk)_test_([A-Za-z0-9_]+?)_demo(_.*)?")
RESOURCES = words(
    "account balance balance_transactions charges customers disputes events payment_intents"
    " payment_methods refunds setup_intents webhook_endpoints"
)
# How Stripe names in its refusals what a restricted key lacks, where it is not the resource's name.
PERMISSIONS = {"account": "accounts_kyc_basic", "webhook_endpoints": "webhook"}


@dataclass(frozen=True)
class Key:
    kind: str
    text: str

    @property
    def is_publishable(self) -> bool:
        return self.kind == "pk"

    @property
    def account(self) -> str | None:
        """The name of the account that the key is of, if it tells."""
        owner = OWNER.fullmatch(self.text)
        return owner[1].replace("_", "-") if owner else None


def read_key(*, authorization: str, in_body: str | None) -> Key:
    """The key of a request.

    :raises Refusal: 401, if there is none, or one that opens nothing
    """
    text = _from_header(authorization) or in_body
    if not text:
        raise _unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    shape = SHAPE.fullmatch(text)
    if shape is None:
        raise _unauthorized(f"Invalid API Key provided: {_masked(text)}")
    if shape[2] == "live":
        raise _unauthorized(
            f"Invalid API Key provided: {_masked(text)}. This stand-in serves test mode only."
        )
    if "revoked" in text:
        raise _unauthorized(f"This API key has been revoked: {_masked(text)}", "api_key_expired")
    return Key(kind=shape[1], text=text)


def check_permission(key: Key, *, method: str, path: str, open_to_browser: bool) -> None:
    if key.is_publishable and not open_to_browser:
        raise _unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            "secret_key_required",
        )
    _, marker, denied = key.text.partition("nopermission")
    resource = path.split("/")[2]
    named = [name for name in RESOURCES if f"_{name}" in denied]
    if marker and (not named or resource in named):
        noun = PERMISSIONS.get(resource, resource.removesuffix("s"))
        lacking = f"rak_{noun}_{'read' if method == 'GET' else 'write'}"
        raise Refusal(
            f"The provided key '{_masked(key.text)}' does not have the required permissions for "
            f"this endpoint. Having the '{lacking}' permission would allow this request to "
            "continue.",
            status=HTTPStatus.FORBIDDEN,
        )


def _from_header(authorization: str) -> str | None:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _masked(key: str) -> str:
    shown = 12
    return f"{key[:8]}{'*' * (len(key) - shown)}{key[-4:]}" if len(key) > shown else "****"


def _unauthorized(message: str, code: str | None = None) -> Refusal:
    return Refusal(message, status=HTTPStatus.UNAUTHORIZED, code=code)
