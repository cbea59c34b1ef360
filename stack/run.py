"""`make run`: from installed packages to a serving Deskmint, and back by Ctrl-C."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping

from stack.console import exit_plainly, run_logged, say, step
from stack.frontend import build_frontend
from stack.places import CHECKOUT, Places, data_places, make_private
from stack.ports import HOST, require_free, web_port
from stack.processes import hold, stop_left_over
from stack.serve import serve
from stack.servers import Running, opening, servers


def main() -> int:
    port = web_port()
    places = data_places()
    address = f"http://{HOST}:{port}"
    say(opening(places))
    with hold(places, role=address):
        if left := stop_left_over(places):
            say(f"  Stopped what a killed start left running: {', '.join(left)}")
        require_free(port)
        build_frontend()
        with servers(places, port=port) as running:
            migrate(places, running)
            way_in = load_demo if wants_demo(running) else setup_link
            lines = [f"Deskmint is ready at {address}", way_in(places, running), dashboard(running)]
            serve(places, running, port=port, greeting="\n".join(filter(None, lines)))
    say(f"\nStopped. The data stays in {places.data}")
    return 0


def migrate(places: Places, running: Running) -> None:
    """Bring the tables up to date; in a cluster of our own only if a migration is new."""
    stamp = places.contents / "migrations"
    wanted = migrations_digest()
    ours = "postgres" in running.processes
    if ours and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    with step("Database tables"):
        manage(places, running.environment, "migrate", "--no-input")
    if ours:
        make_private(places.contents, passable=False)
        stamp.write_text(wanted, encoding="ascii")


def migrations_digest() -> str:
    """Sum up all that decides the tables: our migrations, and the versions of others'."""
    total = hashlib.sha256((CHECKOUT / "requirements" / "run.txt").read_bytes())
    for path in sorted(CHECKOUT.glob("*/migrations/*.py")):
        total.update(str(path.relative_to(CHECKOUT)).encode() + path.read_bytes())
    return total.hexdigest()


def wants_demo(running: Running) -> bool:
    """By default only servers of our own get demo people with a known password."""
    asked = os.environ.get("DEMO")
    return asked == "1" if asked else {"postgres", "stripe"} <= running.processes.keys()


def load_demo(places: Places, running: Running) -> str:
    """Load the demo data once, and give the log-ins each time.

    Under another address it looks again: the gateways' webhooks must follow.
    """
    logins, address = places.contents / "demo-logins.txt", places.contents / "demo-address"
    told = running.environment["BASE_URL"]
    if not logins.exists() or not address.exists() or address.read_text("ascii") != told:
        with step("Demo data"):
            manage(places, running.environment, "load_demo")
            manage(places, running.environment, "load_demo", "--list")
        make_private(places.contents, passable=False)
        (places.logs / "manage-load_demo.log").replace(logins)
        address.write_text(told, encoding="ascii")
    return logins.read_text(encoding="utf-8").rstrip()


def setup_link(places: Places, running: Running) -> str:
    """Give the one-time way into an installation, a new one at each start until it is used."""
    founded = places.contents / "founded"
    if founded.exists():
        return ""
    with step("Set-up link"):
        manage(places, running.environment, "setup_link", "--print-if-needed")
    log = places.logs / "manage-setup_link.log"
    link = next((line for line in log.read_text("utf-8").split() if "/setup/" in line), "")
    log.unlink()  # it lets whoever reads it in
    if link:
        return f"  Set it up, once: {link}"
    if "postgres" in running.processes:
        make_private(places.contents, passable=False)
        founded.touch()
    return ""


def manage(places: Places, told: Mapping[str, str], *arguments: str) -> None:
    run_logged(
        [sys.executable, CHECKOUT / "manage.py", *arguments],
        what=f"manage.py {' '.join(arguments)}",
        hint="Put right what it says, then start again; the data is kept.",
        log=places.logs / f"manage-{arguments[0]}.log",
        cwd=CHECKOUT,
        room=places.data,
        env={**os.environ, **told},
    )


def dashboard(running: Running) -> str:
    base = running.environment.get("STRIPE_STANDIN_URL")
    return f"  Stripe stand-in (its dashboard, no real money): {base}/" if base else ""


if __name__ == "__main__":
    exit_plainly(main)
