"""TCP ports, all on 127.0.0.1: the one people open, and the remembered one of the stand-in."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from stack.console import CannotStart

HOST = "127.0.0.1"
DEFAULT = 8000
HIGHEST = 65535


def web_port() -> int:
    asked = os.environ.get("PORT") or str(DEFAULT)
    if not asked.isdecimal() or not 0 < int(asked) <= HIGHEST:
        raise CannotStart(f"PORT={asked} is no port number. Take one from 1024 to {HIGHEST}.")
    return int(asked)


def require_free(port: int) -> None:
    try:
        probe(port)
    except PermissionError:
        raise CannotStart(
            f"port {port} is reserved for root. Choose one above 1023: make run PORT=8000"
        ) from None
    except OSError:
        other = free_port()
        raise CannotStart(
            f"port {port} is in use by another program.\n"
            f"  Stop that one, or choose another port: make run PORT={other}\n"
            "  (beside another Deskmint choose other data too: DATA=.data-2)"
        ) from None


def remembered_port(note: Path) -> int:
    """Give the port of the last start if it is free, else 0: the system then chooses."""
    try:
        return probe(int(note.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return 0


def free_port() -> int:
    return probe(0)


def probe(port: int) -> int:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        bound: int = listener.getsockname()[1]
        return bound
