"""What the application's processes are told, and in which form.

DATABASE_URL  `postgres://deskmint@//socket/folder/deskmint`: the two slashes are how
              django-environ tells a socket folder; libpq itself does not read this form.
REDIS_URL     `unix:///socket/valkey.sock`, the form of redis-py and Django's cache. Celery's
              is the same with `redis+socket` for `unix`, as long as no database is named:
              there it would be `?virtual_host=0`, here `?db=0`. Ours is number 0, unnamed.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from urllib.parse import quote

from stack import postgres, valkey
from stack.places import Places
from stack.ports import HOST

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def application(places: Places, *, port: int) -> dict[str, str]:
    """Collect what every start is told; a variable that is set already wins."""
    return {
        **keys(places),
        "BASE_URL": f"http://{HOST}:{port}",
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "DATA_DIR": str(places.data),
        "EMBEDDED": "1",
        "PYTHONUTF8": "1",
        **{name: value for name, value in os.environ.items() if value},
    }


def database_url(sockets: Path) -> str:
    return f"postgres://{postgres.NAME}@/{quote(str(sockets / 'postgres'))}/{postgres.NAME}"


def redis_url(sockets: Path) -> str:
    return f"unix://{quote(str(sockets / valkey.SOCKET))}"


def stand_in(port: str) -> dict[str, str]:
    base = f"http://{HOST}:{port}"
    return {
        "STRIPE_STANDIN_URL": base,
        "STRIPE_API_BASE": base,
        "STRIPE_JS_URL": f"{base}/js.stripe.com/v3/",
    }


def keys(places: Places) -> dict[str, str]:
    """Give the secrets of this data folder, made once: what they sealed must stay readable."""
    path = places.data / "keys.json"
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "VAPID_PRIVATE_KEY": push_key(),
    }
    if made.keys() - kept.keys():  # a folder of before some of them
        write_private(path, made | kept)
    return made | kept


def push_key() -> str:
    """A key of the curve P-256, as `make_push_key` writes one."""
    number = 1 + secrets.randbelow(P256_ORDER - 1)
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


def write_private(path: Path, content: dict[str, str]) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
