"""Harbour Pay, a payment service on loopback: payments, a page to pay on, signed notifications."""

import hashlib
import hmac
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

KEY = "hp_test_key"
PAGE = """<!doctype html><html lang="en"><title>Harbour Pay</title><h1>Harbour Pay</h1>
<p>{description}</p><form method="post"><button name="outcome" value="paid">Pay now</button>
<button name="outcome" value="cancelled">Cancel</button></form></html>"""


@dataclass
class HarbourPay:
    """What the service knows. `is_down` it answers nothing, `is_silent` it notifies nobody."""

    url: str = ""
    is_down: bool = False
    is_silent: bool = False
    loses_answers: bool = False
    payments: dict[str, dict] = field(default_factory=dict)
    webhooks: dict[str, str] = field(default_factory=dict)
    notified: list[int] = field(default_factory=list)  # what our answers were
    lock: Lock = field(default_factory=Lock)

    def open(self, asked):
        with self.lock:
            for payment in self.payments.values():
                if payment["key"] == asked["key"]:
                    return payment
            reference = f"hp_{len(self.payments) + 1}"
            self.payments[reference] = {
                **asked,
                "id": reference,
                "state": "open",
                "live": False,
                "url": f"{self.url}/pay/{reference}",
            }
            return self.payments[reference]

    def end(self, reference, state):
        """Say how it went; only what is open can go any way. Then tell whoever asked for it."""
        with self.lock:
            payment = self.payments[reference]
            if payment["state"] != "open":
                return payment
            payment["state"] = state
        if not self.is_silent:
            self.notify(payment)
        return payment

    def notify(self, payment):
        for body, headers in self.notifications(payment):
            with urlopen(Request(payment["notify_url"], body, headers), timeout=10) as answer:
                self.notified.append(answer.status)

    def notifications(self, payment):
        state = payment["state"]
        event = {"id": f"{payment['id']}:{state}", "type": f"payment.{state}"}
        body = json.dumps({**event, "account": "hp_account", "payment": payment}).encode()
        for secret in self.webhooks.values():
            yield (
                body,
                {"Harbour-Signature": sign(body, secret), "Content-Type": "application/json"},
            )


def sign(body, secret):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@contextmanager
def running_harbour_pay():
    service = HarbourPay()
    handler = type("Handler", (Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    service: HarbourPay

    def do_GET(self):
        place = urlsplit(self.path)
        if place.path.startswith("/pay/"):
            payment = self.service.payments[place.path.rpartition("/")[2]]
            self.answer(200, PAGE.format(**payment), "text/html")
        elif self.may_ask():
            self.answer_about(place)

    def answer_about(self, place):
        payments = self.service.payments
        if place.path == "/account":
            self.answer(200, {"id": "hp_account", "name": "Harbour Pay", "live": False})
        elif place.path == "/payments":
            wanted = {name: values[0] for name, values in parse_qs(place.query).items()}
            self.answer(200, [it for it in payments.values() if wanted.items() <= it.items()])
        elif payment := payments.get(place.path.rpartition("/")[2]):
            self.answer(200, payment)
        else:
            self.answer(404, {"code": "not_found"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.strip("/").split("/")
        if parts[0] == "pay":
            [outcome] = parse_qs(body.decode())["outcome"]
            payment = self.service.end(parts[1], outcome)
            self.answer(303, "", location=payment["return_url"])
        elif self.may_ask():
            self.do(parts, json.loads(body or "{}"))

    def do(self, parts, asked):
        if parts == ["webhooks"]:
            reference = f"wh_{len(self.service.webhooks) + 1}"
            self.service.webhooks[reference] = f"secret of {reference}"
            self.answer(200, {"id": reference, "secret": self.service.webhooks[reference]})
        elif parts == ["payments"]:
            self.open_payment(asked)
        elif parts[-1] == "cancel" and parts[1] in self.service.payments:
            self.answer(200, self.service.end(parts[1], "cancelled"))
        else:
            self.answer(404, {"code": "not_found"})

    def open_payment(self, asked):
        if asked["currency"] == "XTS":
            self.answer(422, {"code": "currency"})
            return
        payment = self.service.open(asked)
        if self.service.loses_answers:
            self.hang_up()
        else:
            self.answer(200, payment)

    def do_DELETE(self):
        if self.may_ask():
            self.service.webhooks.pop(self.path.rpartition("/")[2], None)
            self.answer(200, {})

    def may_ask(self):
        if self.service.is_down:
            self.hang_up()
            return False
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self.answer(401, {"code": "key_unknown"})
            return False
        return True

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(2)

    def answer(self, status, body, kind="application/json", *, location=""):
        told = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(told)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_words):
        """Nobody reads it."""
