"""Whatever is sent to the API, by whomever: an answer that the schema names, and never a crash."""

import os

import pytest
import schemathesis
from django.conf import settings as site
from django.db.transaction import atomic, set_rollback
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.authorization.world import HERE, THERE

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KEYS = [f"all_{HERE}"] * 4 + [f"spend_{HERE}", f"read_{HERE}", f"all_{THERE}", "no key"]
PEOPLE = ["member", "admin", "left"]
FULL = os.environ.get("DOSE") == "full"
# How many cases of each operation: as the schema asks for them, and as it doesn't.
DOSES = {GenerationMode.POSITIVE: 90 if FULL else 2, GenerationMode.NEGATIVE: 60 if FULL else 1}
ENOUGH = 5000 if FULL else 100
THEIR_IDS = {
    "/members/": "member_id",
    "/companies/": "company_id",
    "/customers/": "customer_id",
    "/entries/": "spend_id",
    "/spends/": "spend_id",
    "/holds/": "hold_id",
    "/bills/": "bill_id",
    "/receipts/": "receipt_id",
    "/purchases/": "key",
    "/transactions/": "key",
}
IN_BODIES = {"customer": "customer_id", "plan": "plan_id", "option": "option_id"}
IN_BODIES |= {"member": "member_id"}


@pytest.fixture
def schema(world, kept_connection, monkeypatch):
    monkeypatch.setattr("community.api.views.PER_MINUTE", 10**9)
    return schemathesis.openapi.from_wsgi("/api/v1/schema", application)


def test_every_operation_answers_as_the_schema_says(schema, world, record_testsuite_property):
    asked = sum(
        ask(found.ok(), mode, number, world)
        for found in schema.get_all_operations()
        for mode, number in DOSES.items()
        if mode == GenerationMode.POSITIVE or has_something_to_spoil(found.ok())
    )

    record_testsuite_property("cases", asked)
    assert asked >= ENOUGH


def has_something_to_spoil(operation):
    return bool(operation.body) or any(True for _it in operation.iter_parameters())


def ask(operation, mode, number, world):
    """Send an operation so many cases by several callers; gives how many it took."""
    asked = 0

    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(mode), who=st.sampled_from(KEYS + PEOPLE), knows=st.booleans()
    )
    def send(case, who, knows):
        nonlocal asked
        asked += 1
        if knows:
            know_ids(case, world.here.ids["member"])
        with atomic():
            case.call_and_validate(headers=shown_by(who, world), checks=CHECKS)
            set_rollback(True)

    send()
    return asked


def know_ids(case, ids):
    """Ask about what is there: ids made up lead nowhere."""
    for place, name in THEIR_IDS.items():
        if case.path.startswith(place):
            case.path_parameters = dict.fromkeys(case.path_parameters, str(ids[name]))
    if isinstance(case.body, dict):
        case.body |= {name: ids[it] for name, it in IN_BODIES.items() if name in case.body}


def shown_by(who, world):
    if who in PEOPLE:
        cookie = world.browsers[who].cookies[site.SESSION_COOKIE_NAME].value
        return {
            "Cookie": f"{site.SESSION_COOKIE_NAME}={cookie}",
            "Deskmint-Location": world.here.location.slug,
        }
    return {"Authorization": f"Bearer dm_{who}"}
