"""A push service on this machine: takes pushes, checks who signed them, and opens them."""

from __future__ import annotations

import base64
import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """One device: its keys, and what it was pushed. Its path says how the service answers."""

    def __init__(self, service, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.endpoint = f"{service.url}/{name}"
        self.got = []

    @property
    def keys(self):
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": b64(point), "auth": b64(self.auth)}

    def open(self, body):
        text = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        return json.loads(text)


class PushService:
    def __init__(self, server):
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.browsers = {}
        self.requests = []

    def browser(self, name):
        self.browsers[f"/{name}"] = Browser(self, name)
        return self.browsers[f"/{name}"]

    def take(self, path, headers, body):
        claims = verified(headers["Authorization"])
        self.requests.append((path, dict(headers), claims))
        browser = self.browsers[path]
        status = int(path.rpartition("-")[2]) if path.rpartition("-")[2].isdigit() else 201
        if status == 201:
            browser.got.append(browser.open(body))
        return status


def verified(authorization):
    """The claims of a VAPID token, whose signature is by the key that comes with it."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    head, claims, signature = parts["t"].split(".")
    raw = unb64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
    try:
        key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise AssertionError("signed by another key") from None
    return {**json.loads(unb64(claims)), "key": parts["k"]}


@contextmanager
def push_service():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("hang"):
                sleep(service.hangs)
                return
            status = service.take(self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Retry-After", "120")
            self.send_header("Location", f"{service.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words):
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = PushService(server)
    service.hangs = 1
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
