"""Virtual environments that hold exactly what a lock file names; standard library only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stack.console import CannotStart, run_logged
from stack.places import CHECKOUT, SETUP_LOGS

VENV = CHECKOUT / ".venv"
BUILD_VENV = CHECKOUT / ".build-venv"  # Node, where the machine has none
STAMP = "deskmint-installed.json"
UNDER_WAY = "deskmint-installing"
# What one lock file installs covers another's: run.txt is a part of dev.txt.
COVERS = {"run": ("run",), "dev": ("dev", "run"), "node": ("node",)}


def is_installed(venv: Path, lock: str) -> bool:
    try:
        stamp = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    python = venv / "bin" / "python"
    return bool(stamp.get(lock) == digest(lock) and os.access(python, os.X_OK))


def install(venv: Path, lock: str) -> None:
    """Install a lock file; what an interrupted try left is thrown away first."""
    if (venv / UNDER_WAY).exists():
        shutil.rmtree(venv)
    if not has_pip(venv):
        create(venv)
    (venv / UNDER_WAY).touch()
    (venv / STAMP).unlink(missing_ok=True)
    run_logged(
        [
            *(venv / "bin" / "python", "-m", "pip", "install", "--no-input", "--require-hashes"),
            # The lock is complete; what is imported is compiled then. Both halve the time.
            *("--no-deps", "--no-compile", "--disable-pip-version-check"),
            *("-r", CHECKOUT / "requirements" / f"{lock}.txt"),
        ],
        what="Installing the Python packages",
        hint="Is the package index reachable (proxy, pip's own settings)? Then start again.",
        log=SETUP_LOGS / f"{venv.name.strip('.')}.log",
        cwd=CHECKOUT,
    )
    stamp = {covered: digest(covered) for covered in COVERS[lock]}
    (venv / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    (venv / UNDER_WAY).unlink()


def create(venv: Path) -> None:
    run_logged(
        [sys.executable, "-m", "venv", "--clear", venv],
        what="Making a virtual environment",
        hint="On Debian and Ubuntu install the package python3-venv, then start again.",
        log=SETUP_LOGS / f"{venv.name.strip('.')}.log",
        cwd=CHECKOUT,
    )


def has_pip(venv: Path) -> bool:
    python = venv / "bin" / "python"
    if not python.exists():
        return False
    seen = subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True)
    return seen.returncode == 0


def digest(lock: str) -> str:
    path = CHECKOUT / "requirements" / f"{lock}.txt"
    if not path.exists():
        raise CannotStart(f"{path} is missing: this is no complete checkout.")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return hashlib.sha256(version.encode() + path.read_bytes()).hexdigest()
