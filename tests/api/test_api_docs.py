"""What the pages about the API show runs as it is written there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils.timezone import now
from django_scopes import scope

from community.models import ApiKey
from community.services.api_keys import make_api_key
from credits.models import Wallet
from membership.demo.cast import HARBOUR
from tests.factories import CustomerFactory, LocationFactory, RoleFactory

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def harbour(transactional_db, add_credits):
    """The demo's location as far as the pages know it."""
    location = LocationFactory(slug=HARBOUR.slug)
    with scope(location=location):
        admin = RoleFactory(location=location).user
        mia = CustomerFactory(
            member__location=location, member__user__email="mia@harbour.demo"
        ).member
        add_credits(mia, "20")
        make_api_key(
            location=location,
            name="Demo",
            scopes=list(ApiKey.Scope.values),
            token=HARBOUR.api_key,
            by=admin,
            at=now(),
        )
        yield mia


def blocks(page, language):
    found = re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert found
    return found


def run(command, live_server):
    done = subprocess.run(
        command,
        env={"DESKMINT": live_server.url, "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_pages_about_the_api_run_as_written(harbour, live_server, invariants_hold):
    for block in blocks("api.md", "sh"):
        said = run(["sh", "-eu", "-c", block], live_server)
        assert '"balance":"20.00"' in said
        assert said.count('"balance_after":"19.50"') == 2  # once, and the first answer again
    for page in ("api.md", "booking-desk.md"):
        for block in blocks(page, "python"):
            assert run([sys.executable, "-c", block], live_server)

    wallet = Wallet.objects.get(customer=harbour.customer)
    assert (wallet.balance, wallet.held) == (17, 0)
    invariants_hold()
