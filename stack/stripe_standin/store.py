"""The stand-in's memory: one SQLite file that outlives a killed process."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.stripe_standin.shapes import Json

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES accounts,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    private TEXT NOT NULL,
    created INTEGER AS (json_extract(body, '$.created')),
    customer TEXT AS (json_extract(body, '$.customer')),
    payment_intent TEXT AS (json_extract(body, '$.payment_intent')),
    payment_method TEXT AS (json_extract(body, '$.payment_method')),
    charge TEXT AS (json_extract(body, '$.charge')),
    email TEXT AS (json_extract(body, '$.email')),
    type TEXT AS (json_extract(body, '$.type')),
    source TEXT AS (json_extract(body, '$.source'))
);
CREATE INDEX IF NOT EXISTS objects_of_account ON objects (account, kind, seq);
CREATE INDEX IF NOT EXISTS objects_of_customer ON objects (account, kind, customer, seq);
CREATE INDEX IF NOT EXISTS objects_of_intent ON objects (account, kind, payment_intent, seq);
CREATE INDEX IF NOT EXISTS objects_of_charge ON objects (account, kind, charge, seq);

CREATE TABLE IF NOT EXISTS idempotency (
    account TEXT NOT NULL REFERENCES accounts,
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
);

CREATE TABLE IF NOT EXISTS book (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL REFERENCES accounts,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount <> 0),
    currency TEXT NOT NULL,
    charge TEXT NOT NULL,
    payment_intent TEXT NOT NULL,
    customer TEXT,
    source TEXT NOT NULL,
    metadata TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS book_of_account ON book (account, seq);
CREATE TRIGGER IF NOT EXISTS book_is_not_edited BEFORE UPDATE ON book
    BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;
CREATE TRIGGER IF NOT EXISTS book_is_not_erased BEFORE DELETE ON book
    BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;

CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event);

CREATE TABLE IF NOT EXISTS faults (
    account TEXT NOT NULL REFERENCES accounts,
    fault TEXT NOT NULL,
    asked INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    calls TEXT NOT NULL,
    PRIMARY KEY (account, fault)
);
"""


class Store:
    """Objects by id, each with a public body and what only the stand-in knows of it.

    One connection, one thread: a request runs in one transaction without giving way, so two
    requests never mix.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        # WAL with NORMAL loses nothing that was committed when the process is killed.
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("PRAGMA foreign_keys = ON")
        self.db.executescript(SCHEMA)

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def add(self, account: str, body: Json, private: Json | None = None) -> Json:
        self.db.execute(
            "INSERT INTO objects (id, account, kind, body, private) VALUES (?, ?, ?, ?, ?)",
            (body["id"], account, body["object"], json.dumps(body), json.dumps(private or {})),
        )
        return body

    def save(self, body: Json) -> Json:
        self.db.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))
        return body

    def find(self, account: str, kind: str, id_: str) -> Json | None:
        row = self.db.execute(
            "SELECT body FROM objects WHERE id = ? AND account = ? AND kind = ?",
            (id_, account, kind),
        ).fetchone()
        return load(row)

    def find_any(self, account: str, id_: str) -> Json | None:
        row = self.db.execute(
            "SELECT body FROM objects WHERE id = ? AND account = ?", (id_, account)
        ).fetchone()
        return load(row)

    def owner(self, id_: str) -> str | None:
        row = self.db.execute("SELECT account FROM objects WHERE id = ?", (id_,)).fetchone()
        return None if row is None else str(row["account"])

    def private(self, id_: str) -> Json:
        row = self.db.execute("SELECT private AS body FROM objects WHERE id = ?", (id_,)).fetchone()
        return load(row) or {}

    def keep_private(self, id_: str, **facts: object) -> None:
        private = {**self.private(id_), **facts}
        self.db.execute("UPDATE objects SET private = ? WHERE id = ?", (json.dumps(private), id_))

    def remove(self, id_: str) -> None:
        self.db.execute("DELETE FROM objects WHERE id = ?", (id_,))


def load(row: sqlite3.Row | None) -> Json | None:
    if row is None:
        return None
    body: Json = json.loads(row["body"])
    return body
