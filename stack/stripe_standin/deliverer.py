"""Sends queued webhooks, signed, until each endpoint has taken them or the retries are used up."""

import asyncio
import hashlib
import hmac
import json
import time
from http import HTTPStatus

import aiohttp

from stack.stripe_standin import deliveries, faults
from stack.stripe_standin.deliveries import Delivery
from stack.stripe_standin.faults import Fault
from stack.stripe_standin.shapes import Json
from stack.stripe_standin.store import Store, load

IN_FLIGHT_MAX = 16
COPIES = 4  # beside the one that goes anyway
TIMEOUT_SECONDS = 20
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


def signature(secret: str, body: str, *, at: int) -> str:
    """Stripe's header: the time of sending, and the time and the body under the secret."""
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Deliverer:
    def __init__(self, store: Store, *, retry_seconds: list[float]) -> None:
        self._store = store
        self._retry_seconds = retry_seconds
        self._wake = asyncio.Event()
        self._in_flight: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is then under way stays queued in the store."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                while True:
                    self._wake.clear()
                    pause = self._start_due(session)
                    await self._rest(pause)
            finally:
                for task in self._in_flight.values():
                    task.cancel()

    def _start_due(self, session: aiohttp.ClientSession) -> float | None:
        """Start what is due; the seconds until more is, None if nothing waits."""
        waiting = [
            delivery
            for delivery in deliveries.pending(self._store, limit=2 * IN_FLIGHT_MAX)
            if delivery.seq not in self._in_flight
        ]
        for delivery in waiting:
            if delivery.due > time.time():
                return delivery.due - time.time()
            if len(self._in_flight) >= IN_FLIGHT_MAX:
                return None
            task = asyncio.create_task(self._deliver(session, delivery))
            self._in_flight[delivery.seq] = task
        return None

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        try:
            if not self._goes_wrong(delivery):
                await self._send(session, delivery)
        finally:
            del self._in_flight[delivery.seq]
            self.wake()

    def _goes_wrong(self, delivery: Delivery) -> bool:
        """Let a fault of webhooks take hold of one that leaves for the first time."""
        account = self._store.owner(delivery.event)
        if delivery.attempts or account is None:
            return False
        found = faults.fault_of_webhook(self._store, account)
        if found is None:
            return False
        if found.fault is Fault.DUPLICATED:
            deliveries.repeat(self._store, delivery, times=COPIES)
            return False
        if found.fault is Fault.DROPPED:
            deliveries.give_up(self._store, delivery, outcome=found.fault.value)
            return True
        # The first of the shuffled waits longest, the last hardly at all.
        share = found.left / found.asked if found.fault is Fault.SHUFFLED else 1
        due = time.time() + found.seconds * share
        deliveries.retry_later(self._store, delivery, due=due, outcome=found.fault.value)
        return True

    async def _send(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        endpoint, event = self._body(delivery.endpoint), self._body(delivery.event)
        if endpoint is None or event is None or endpoint["status"] != "enabled":
            deliveries.give_up(self._store, delivery, outcome="the endpoint is gone or disabled")
            return
        outcome = await self._post(session, endpoint, event)
        self._record(delivery, outcome)

    async def _post(self, session: aiohttp.ClientSession, endpoint: Json, event: Json) -> str:
        body = json.dumps(event, indent=2)
        secret = self._store.private(endpoint["id"])["secret"]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "Stripe-Signature": signature(secret, body, at=int(time.time())),
        }
        try:
            async with session.post(
                endpoint["url"], data=body.encode(), headers=headers, allow_redirects=False
            ) as response:
                return str(response.status)
        except TimeoutError:
            return "timed out"
        except aiohttp.ClientError as error:
            return f"{type(error).__name__}: {error}"

    def _record(self, delivery: Delivery, outcome: str) -> None:
        if outcome.isdecimal() and _is_success(int(outcome)):
            deliveries.mark_delivered(self._store, delivery, outcome=outcome)
        elif delivery.attempts < len(self._retry_seconds):
            due = time.time() + self._retry_seconds[delivery.attempts]
            deliveries.retry_later(self._store, delivery, due=due, outcome=outcome)
        else:
            deliveries.give_up(self._store, delivery, outcome=outcome)

    def _body(self, id_: str) -> Json | None:
        row = self._store.db.execute("SELECT body FROM objects WHERE id = ?", (id_,)).fetchone()
        return load(row)


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
