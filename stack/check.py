"""`make check`: every check runs, each is one line, and the words of those that failed follow."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from stack.console import exit_plainly, say
from stack.frontend import build_frontend, find_node
from stack.places import CHECKOUT

BIN = Path(sys.executable).parent
DJANGO = "5.2"
# What is not ours, or not prose: codespell takes shell patterns.
UNSPELLED = (
    "./.*,./requirements,./frontend/node_modules,./frontend/dist,package-lock.json,*.svg,*.po"
)
NAMES = "wirth,ines"  # of people in the demo


def main() -> int:
    build_frontend()  # a deployment without it is refused
    node = find_node()
    path = f"{node.folder}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | production() | {"PATH": path}
    failed = {name: words for name, words in results(checks(), env) if words is not None}
    for name, words in failed.items():
        say(f"\n--- {name}\n{words.strip()}")
    say(f"\n{len(checks()) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def checks() -> dict[str, list[str]]:
    manage = [sys.executable, "manage.py"]
    return {
        "ruff format": [tool("ruff"), "format", "--check", "--quiet", "--diff"],
        "ruff": [tool("ruff"), "check", "--quiet"],
        "djade": [tool("djade"), "--check", "--target-version", DJANGO, *templates()],
        "codespell": [tool("codespell"), "--skip", UNSPELLED, "--ignore-words-list", NAMES],
        "import contracts": [tool("lint-imports"), "--no-logo"],
        "mypy": [tool("mypy"), "."],
        "types of the scripts": [*find_node().npm, "--prefix", "frontend", "run", "types"],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "deployment settings": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
    }


def results(checks: dict[str, list[str]], env: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    """Run them one after the other; what a failed one printed comes with its name."""
    for name, command in checks.items():
        started = monotonic()
        seen = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            cwd=CHECKOUT,
        )
        state = "FAILED" if seen.returncode else "ok"
        say(f"  {name:.<28} {state:<6} {monotonic() - started:5.1f} s")
        yield name, seen.stdout if seen.returncode else None


def tool(name: str) -> str:
    return str(BIN / name)


def templates() -> list[str]:
    return [str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "templates").rglob("*.html")]


def production() -> dict[str, str]:
    """Give the environment of a real installation; its servers are named, never called."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": "postgres://deskmint@//nowhere/deskmint",
        "REDIS_URL": "unix:///nowhere/valkey.sock",
        "BASE_URL": "https://deskmint.example",
        "ALLOWED_HOSTS": "deskmint.example",
        "EMAIL_URL": "smtp+tls://mail.example:587",
        # Asked for its migrations, Django looks for the database and warns: that is known.
        "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history",
    }


if __name__ == "__main__":
    exit_plainly(main)
