"""Starting, stopping and starting again, as promised to whoever types `make run`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from stack.processes import start_mark
from tests.stack.launching import (
    launched,
    press_ctrl_c,
    query,
    recorded,
    still_running,
    wait_for,
)

PRINT_HOST = "from django.conf import settings; print(settings.DATABASES['default']['HOST'])"
SERVERS = {"postgres", "valkey", "stripe"}


@pytest.fixture(scope="module")
def folder():
    """Give a folder that the user who runs Postgres can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="deskmint-launch-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture(scope="module")
def started_once(folder):
    """Make a cluster once: it takes longer than all else that a start does."""
    with launched(folder / "made") as launcher:
        wait_for(launcher)
    return folder / "made"


@pytest.fixture
def data(folder, started_once):
    copy = Path(tempfile.mkdtemp(dir=folder)) / "data"
    copy.parent.chmod(0o711)
    subprocess.run(["cp", "-a", started_once, copy], check=True)
    return copy


def test_a_second_start_keeps_the_data_the_keys_and_the_stand_ins_port(data):
    with launched(data) as first:
        wait_for(first)
        query(data, "CREATE TABLE kept AS SELECT 42 AS number")
        keys = (data / "keys.json").read_text()
        port = (data / "stripe.port").read_text()

    with launched(data) as second:
        wait_for(second)

        assert query(data, "SELECT number FROM kept") == [(42,)]
        assert (data / "keys.json").read_text() == keys
        assert (data / "stripe.port").read_text() == port


def test_two_runs_live_side_by_side(data):
    other = data.with_name("other")
    subprocess.run(["cp", "-a", data, other], check=True)
    with launched(data) as one:
        wait_for(one)
        with launched(other) as two:
            wait_for(two)

            # The copy remembered the same port, which was taken.
            assert (data / "stripe.port").read_text() != (other / "stripe.port").read_text()
            press_ctrl_c(one)
            assert set(still_running(recorded(other))) == SERVERS


def test_ctrl_c_stops_all_that_was_started_and_postgres_in_peace(data):
    with launched(data) as launcher:
        wait_for(launcher)
        processes = recorded(data)
        assert set(still_running(processes)) == SERVERS

        press_ctrl_c(launcher)

    assert still_running(processes) == []
    assert "database system is shut down" in (data / "logs" / "postgres.log").read_text()
    assert list(data.glob("run/*.pid")) == []


@pytest.mark.parametrize("records_are_lost", [False, True])
def test_a_killed_launchers_servers_are_stopped_by_the_next_start(data, records_are_lost):
    with launched(data) as killed:
        wait_for(killed)
        query(data, "CREATE TABLE kept AS SELECT 42 AS number")
        left = recorded(data)
        killed.kill()
        killed.wait()
    assert set(still_running(left)) == SERVERS
    if records_are_lost:
        (data / "run" / "postgres.pid").unlink()

    with launched(data) as launcher:
        wait_for(launcher)

        assert still_running(left) == []
        assert query(data, "SELECT number FROM kept") == [(42,)]


def test_a_record_that_now_names_a_strangers_process_harms_nobody(data):
    with launched(data) as first:
        wait_for(first)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        record = {"pid": stranger.pid, "started": "another boot/1"}
        (data / "run" / "web.pid").write_text(json.dumps(record))
        (data / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n")

        with launched(data) as second:
            wait_for(second)

        assert start_mark(stranger.pid)
        stranger.kill()


def test_a_second_launcher_on_the_same_data_is_refused(data):
    with launched(data) as first:
        wait_for(first)

        with launched(data) as second:
            words = second.stdout.read()
            assert second.wait() == 1

        assert f"{data} is in use by" in words
        assert f"process {first.pid}" in words
        assert "Traceback" not in words
        assert set(still_running(recorded(data))) == SERVERS


def test_a_busy_port_is_one_message_that_names_a_way_out(data):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with launched(data, module="stack.run", PORT=str(port)) as launcher:
            words = launcher.stdout.read()
            assert launcher.wait() == 1

    assert f"port {port} is in use by another program" in words
    assert "make run PORT=" in words
    assert "Traceback" not in words


def test_a_server_that_cannot_start_is_one_message_with_its_own_words(data):
    with launched(data) as first:
        wait_for(first)
    (data / "postgres" / "postgresql.conf").write_text("nonsense\n")

    with launched(data) as launcher:
        words = launcher.stdout.read()
        assert launcher.wait() == 1

    assert "postgres ended (exit 1)" in words
    assert "syntax error in file" in words
    assert str(data / "logs" / "postgres.log") in words
    assert "Traceback" not in words


def test_a_half_made_cluster_is_made_anew(data):
    (data / "postgres").rename(data / "postgres.new")
    (data / "postgres.new" / "base").rename(data / "postgres.new" / "lost")

    with launched(data) as launcher:
        wait_for(launcher)

        assert query(data, "SELECT 1") == [(1,)]


def test_a_long_path_gets_its_sockets_elsewhere_and_takes_them_away_again(data):
    deep = data.rename(data.with_name("d" * 90))

    with launched(deep) as launcher:
        wait_for(launcher)
        home = (deep / "run" / "sockets").readlink()
        assert (home / "valkey.sock").is_socket()

    assert not home.exists()


def test_own_servers_are_used_and_their_counterparts_not_started(data):
    own = {"DATABASE_URL": "postgres://db.example/x", "STRIPE_API_BASE": "https://api.example"}

    with launched(data, **own) as launcher:
        wait_for(launcher)

        assert set(recorded(data)) == {"valkey"}
        told = json.loads((data / "run" / "environment.json").read_text())
        assert told["DATABASE_URL"] == own["DATABASE_URL"]


def test_secrets_are_closed_to_others(data):
    with launched(data) as launcher:
        wait_for(launcher)

        for name in ("keys.json", "run/environment.json", "run/postgres", "stripe.sqlite3"):
            assert (data / name).stat().st_mode & 0o077 == 0


def test_sigterm_stops_it_too(data):
    with launched(data) as launcher:
        wait_for(launcher)
        processes = recorded(data)

        launcher.send_signal(signal.SIGTERM)
        launcher.wait(15)

    assert still_running(processes) == []


def test_a_management_command_uses_the_running_servers(data):
    with launched(data) as launcher:
        wait_for(launcher)

        printed = subprocess.run(
            [sys.executable, "-m", "stack.manage", "shell", "-v0", "-c", PRINT_HOST],
            env=os.environ | {"DATA": str(data)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert str(data / "run" / "postgres") in printed
