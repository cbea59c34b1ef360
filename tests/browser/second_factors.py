"""The things that people hold in their hands: an authenticator app, and a passkey."""

import base64
import hashlib
import hmac
import struct
import time

PERIOD_SECONDS = 30


class App:
    """An authenticator app, by RFC 6238. It never shows a code twice: each is good for once."""

    def __init__(self, key):
        self.secret = key
        self.key = base64.b32decode(key)
        self.last = 0

    def code(self):
        """Give the current code; a used one's successor, which is accepted a little early."""
        self.last = max(int(time.time()) // PERIOD_SECONDS, self.last + 1)
        digest = hmac.digest(self.key, struct.pack(">Q", self.last), hashlib.sha1)
        place = digest[-1] & 15
        (number,) = struct.unpack(">I", digest[place : place + 4])
        return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def plug_in_passkey(page):
    """Give the browser a device that keeps passkeys and recognises its owner at once."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return devices
