"""The queue of webhooks: a row for each event and endpoint, until it is taken or given up."""

import sqlite3
from dataclasses import dataclass

from stack.stripe_standin.store import Store


@dataclass(frozen=True)
class Delivery:
    seq: int
    event: str
    endpoint: str
    attempts: int
    due: float
    state: str
    outcome: str


def queue(store: Store, *, event: str, endpoint: str, at: float) -> None:
    store.db.execute(
        "INSERT INTO deliveries (event, endpoint, state, due) VALUES (?, ?, 'pending', ?)",
        (event, endpoint, at),
    )


def pending(store: Store, *, limit: int) -> list[Delivery]:
    rows = store.db.execute(
        "SELECT * FROM deliveries WHERE state = 'pending' ORDER BY due, seq LIMIT ?", (limit,)
    )
    return [_delivery(row) for row in rows]


def of_event(store: Store, event: str) -> list[Delivery]:
    rows = store.db.execute("SELECT * FROM deliveries WHERE event = ? ORDER BY seq", (event,))
    return [_delivery(row) for row in rows]


def mark_delivered(store: Store, delivery: Delivery, *, outcome: str) -> None:
    store.db.execute(
        "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, outcome = ?"
        " WHERE seq = ?",
        (outcome, delivery.seq),
    )


def retry_later(store: Store, delivery: Delivery, *, due: float, outcome: str) -> None:
    store.db.execute(
        "UPDATE deliveries SET due = ?, attempts = attempts + 1, outcome = ? WHERE seq = ?",
        (due, outcome, delivery.seq),
    )


def repeat(store: Store, delivery: Delivery, *, times: int) -> None:
    """Queue a delivery again, as one that was tried: no fault takes hold of it twice."""
    store.db.executemany(
        "INSERT INTO deliveries (event, endpoint, state, attempts, due)"
        " VALUES (?, ?, 'pending', 1, ?)",
        [(delivery.event, delivery.endpoint, delivery.due)] * times,
    )


def give_up(store: Store, delivery: Delivery, *, outcome: str) -> None:
    store.db.execute(
        "UPDATE deliveries SET state = 'failed', attempts = attempts + 1, outcome = ?"
        " WHERE seq = ?",
        (outcome, delivery.seq),
    )


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        seq=row["seq"],
        event=row["event"],
        endpoint=row["endpoint"],
        attempts=row["attempts"],
        due=row["due"],
        state=row["state"],
        outcome=row["outcome"],
    )
