"""The cast: a running stand-in, a client of one account of it, and a webhook endpoint."""

import itertools
import json
import queue
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import stripe

from stack.ports import free_port

CHECKOUT = Path(__file__).parents[3]
PATIENCE_SECONDS = 10
# Long enough for the endpoint of a test to come up, however slow the machine is.
MANY_RETRIES = ",".join(["0.05"] * 200)
KEY = "sk_test_standin"
NUMBERS = itertools.count(1)


class Standin:
    """The program itself, in its own process, as `make run` starts it."""

    def __init__(self, store, *, retry_seconds="0.05,0.05,0.05"):
        self.store = store
        self.retry_seconds = retry_seconds
        self.port = free_port()
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "stack.stripe_standin", "--port", str(self.port)),
                *("--store", str(self.store), "--retry-seconds", self.retry_seconds),
            ],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert "ready" in self.process.stdout.readline()
        return self

    def end(self, how):
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()
        return code

    def restart(self):
        self.end(signal.SIGKILL)
        return self.start()

    @property
    def root(self):
        return f"http://127.0.0.1:{self.port}"

    def base(self, account):
        return f"{self.root}/accounts/{account}"

    def client(self, account, key=KEY):
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.base(account)},
            max_network_retries=0,
            http_client=stripe.RequestsClient(),
        )


class Receiver(ThreadingHTTPServer):
    """A webhook endpoint that keeps what it gets, and answers as it is told, then 200."""

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Taking)
        self.url = f"http://127.0.0.1:{self.server_port}/hook"
        self.answers = queue.Queue()
        self.taken = queue.Queue()

    def take(self):
        return self.taken.get(timeout=PATIENCE_SECONDS)


class Taking(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            status = self.server.answers.get_nowait()
        except queue.Empty:
            status = 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.taken.put((body, self.headers["Stripe-Signature"]))

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def shared_standin(tmp_path_factory):
    running = Standin(tmp_path_factory.mktemp("standin") / "standin.sqlite3").start()
    yield running
    running.end(signal.SIGTERM)


@pytest.fixture
def own_standin(tmp_path):
    """A stand-in that the test may kill and start again."""
    running = Standin(tmp_path / "standin.sqlite3").start()
    yield running
    running.end(signal.SIGKILL)


@pytest.fixture
def account():
    return f"cowork{next(NUMBERS)}"


@pytest.fixture
def client(shared_standin, account):
    return shared_standin.client(account)


@pytest.fixture
def api(client):
    return client.v1


@pytest.fixture
def authenticate(client):
    """Pass or fail the 3-D Secure window of an intent."""

    def answer(intent, *, success):
        path = f"/v1/{intent.object}s/{intent.id}/_authenticate"
        return client.raw_request("post", path, success=success)

    return answer


@contextmanager
def listening(port=0):
    with Receiver(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def receiver():
    with listening() as server:
        yield server


@pytest.fixture
def customer(api):
    return api.customers.create({"email": "ann@example.com"}).id


def set_up(api, customer, card):
    """Save a card for a customer and give its payment method."""
    intent = api.setup_intents.create(
        {
            "customer": customer,
            "payment_method": f"pm_card_{card}",
            "payment_method_types": ["card"],
            "confirm": True,
        }
    )
    return intent.payment_method


def pay(api, *, options=None, **wanted):
    """Charge 15.00 euros at once, unless something else is wanted."""
    payment = {"amount": 1500, "currency": "eur", "confirm": True, "payment_method_types": ["card"]}
    return api.payment_intents.create(payment | wanted, options)


def fetch(url, *, method="GET", body=None, **headers):
    """Ask without the SDK: the status, the text, and the headers of the answer."""
    response = requests.request(method, url, data=body, headers=headers, timeout=PATIENCE_SECONDS)
    return response.status_code, response.text, response.headers


@pytest.fixture
def book(shared_standin, account):
    def read():
        return json.loads(fetch(f"{shared_standin.base(account)}/_book")[1])

    return read
