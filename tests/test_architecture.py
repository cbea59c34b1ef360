"""What linters don't know: the shape of the code. The rules themselves: tests/architecture/."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django_scopes.manager import DisabledQuerySet

from community.models import Location
from tests.architecture import rules

BOTTOM_UP = [
    "community",
    "notifications",
    "analytics",
    "credits",
    "billing",
    "payments",
    "membership",
]
DOMAIN = {
    "models",
    "services",
    "selectors",
    "statements",
    "invariants",
    "gateways",
    "documents",
    "kinds",
    "database",
    "money",
    "scoping",
    "principals",
    "triggers",
    "encryption",
}
INTERFACES = {
    "access",
    "adapter",
    "admin",
    "answers",
    "api",
    "apps",
    "context_processors",
    "downloads",
    "forms",
    "management",
    "middleware",
    "tasks",
    "templatetags",
    "urls",
    "views",
    "__init__",
    # interfaces with a concept of their own, each with its reason
    "desk",  # community: what the admin pages of all apps share
    "demo",  # membership: the story that demo data tells
    "tickets",  # membership: what a buyer saw, signed for the way to the checkout and back
    "wording",  # payments: a gateway's codes in plain words for pages
}

# Exceptions, each with its reason.
RAW_SQL_ALLOWED = {
    "community/database.py": "runs what the modules of statements ask for",
    "config/middleware.py": "the readiness probe asks the database for one row",
    "community/management/commands/check_invariants.py": "runs the SQL of the invariants",
}
MARKUP_ALLOWED = {
    "config/templatetags/deskmint.py": "our own drawings; roles set into rows escaped already",
}
ALL_LOCATIONS = {
    "community/desk/access.py": "the operator's admin works across locations",
    "payments/views/webhooks.py": "the webhook's address names the connection, that its location",
    "payments/views/metrics.py": "operations watch the sums of all locations",
    "payments/tasks.py": "a sweeper asks which locations have work",
    "membership/tasks.py": "a sweeper asks which locations have work",
    "membership/views/joining.py": "an invitation's token names its location",
    "credits/tasks.py": "a sweeper asks which locations have work",
    "notifications/tasks.py": "what happened is told to webhooks of all locations",
    "community/tasks.py": "what the API answered long ago goes, at all locations",
}
BY_CLOCK_OR_CHANCE: dict[str, str] = {}
UNSCOPED_MODELS = {
    "Location": "the tenant itself",
    "User": "a person may belong to several locations",
    "Role": "a sign-in asks for a user's roles before there is a location",
    "LocationLogo": "it is shown where a person chooses among locations",
}
NOT_PROTECTED = {
    "Role.user": "a role is nothing without its user",
    "Role.location": "a role is nothing without its location",
}

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = [*BOTTOM_UP, "config"]
TOOLS = [folder for folder in ("stack", "benchmarks", "drills") if (ROOT / folder).is_dir()]
MODELS = [model for app in BOTTOM_UP for model in apps.get_app_config(app).get_models()]


def files(folders, pattern):
    return sorted(
        path.relative_to(ROOT)
        for folder in folders
        for path in (ROOT / folder).rglob(pattern)
        if not {"migrations", "node_modules", "dist", "__pycache__"} & set(path.parts)
    )


SOURCES = files(PRODUCT, "*.py")
EVERY_SOURCE = SOURCES + files([*TOOLS, "tests"], "*.py")
TEMPLATES = files(["templates"], "*.html")
DOMAIN_SOURCES = [
    path
    for path in SOURCES
    if path.parts[0] in BOTTOM_UP and path.parts[1].removesuffix(".py") in DOMAIN
]


def broken(rule, paths, *, but=()):
    found = {
        str(path): rule(ast.parse((ROOT / path).read_text()))
        for path in paths
        if str(path) not in but
    }
    return {path: offences for path, offences in found.items() if offences}


def test_there_is_code_to_look_at():
    assert len(SOURCES) > 50
    assert len(DOMAIN_SOURCES) > 30
    assert len(TEMPLATES) > 30
    assert len(MODELS) > 15


def test_a_file_fits_in_one_reading():
    texts = EVERY_SOURCE + TEMPLATES
    texts += files(["frontend"], "*.js") + files(["frontend"], "*.css")
    long = {str(path): rules.too_long((ROOT / path).read_text()) for path in texts}

    assert {path: why for path, why in long.items() if why} == {}


def test_every_module_is_domain_or_interface():
    unknown = [
        str(path)
        for path in SOURCES
        if path.parts[0] in BOTTOM_UP
        and path.parts[1].removesuffix(".py") not in DOMAIN | INTERFACES
    ]

    assert unknown == [], "name it in the import contracts and here, or use a known name"


def test_every_lock_lets_foreign_keys_pass():
    assert broken(rules.locks_that_block_foreign_keys, EVERY_SOURCE, but=PLANTED) == {}


def test_no_task_is_sent_inside_a_transaction():
    assert broken(rules.tasks_sent_inside_a_transaction, SOURCES) == {}


def test_the_domain_sends_no_task():
    assert broken(rules.tasks_sent, DOMAIN_SOURCES) == {}


def test_sql_is_written_in_its_named_places():
    named = [
        str(path)
        for path in SOURCES
        if {path.stem, path.parent.name} & {"statements", "invariants"}
        and path.parts[0] in BOTTOM_UP
    ]

    assert broken(rules.raw_sql, SOURCES, but=[*named, *RAW_SQL_ALLOWED]) == {}


def test_every_form_names_its_fields():
    assert broken(rules.forms_that_take_any_field, SOURCES) == {}


def test_output_is_escaped():
    assert broken(rules.text_marked_as_markup, SOURCES, but=MARKUP_ALLOWED) == {}
    assert [
        str(path)
        for path in TEMPLATES
        if rules.markup_let_through((ROOT / path).read_text()) and str(path) not in MARKUP_ALLOWED
    ] == []


def test_no_query_slips_past_the_tenant_wall():
    assert broken(rules.queries_that_pass_the_scope, SOURCES) == {}


def test_only_named_modules_look_across_locations():
    commands = [str(path) for path in SOURCES if "commands" in path.parts]

    assert broken(rules.scopes_opened, SOURCES, but=[*ALL_LOCATIONS, *commands]) == {}


def test_money_is_never_a_float():
    assert broken(rules.money_as_a_float, SOURCES) == {}


def test_nothing_happens_unseen():
    assert broken(rules.hidden_calls, SOURCES) == {}


def test_the_domain_is_told_the_time():
    assert broken(rules.clock_or_chance, DOMAIN_SOURCES, but=BY_CLOCK_OR_CHANCE) == {}


def test_no_exception_outlives_its_file():
    named = {**RAW_SQL_ALLOWED, **MARKUP_ALLOWED, **ALL_LOCATIONS, **BY_CLOCK_OR_CHANCE}

    assert [path for path in named if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("model", MODELS)
def test_foreign_keys_point_down(model):
    for field in model._meta.concrete_fields:
        if field.is_relation and (target := field.related_model._meta.app_label) in BOTTOM_UP:
            assert BOTTOM_UP.index(target) <= BOTTOM_UP.index(model._meta.app_label), field


@pytest.mark.parametrize("model", MODELS)
def test_a_row_that_is_pointed_at_stays(model):
    loose = [
        f"{model.__name__}.{field.name}"
        for field in model._meta.concrete_fields
        if field.is_relation and field.remote_field.on_delete is not models.PROTECT
    ]

    assert set(loose) <= set(NOT_PROTECTED)


@pytest.mark.parametrize("model", MODELS)
def test_tenant_models_are_behind_the_wall(model):
    behind = isinstance(model.objects.get_queryset(), DisabledQuerySet)

    assert behind == (leads_to_location(model) and model.__name__ not in UNSCOPED_MODELS)


def leads_to_location(model, seen=()):
    targets = {
        field.related_model for field in model._meta.concrete_fields if field.is_relation
    } - {model, *seen}
    return Location in targets or any(leads_to_location(it, (*seen, model)) for it in targets)


@pytest.mark.parametrize("model", MODELS)
def test_every_constraint_is_phrased_as_a_promise(model):
    names = [constraint.name for constraint in model._meta.constraints]

    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z0-9]+){2,}", name)] == []
    assert model._meta.unique_together == ()


@pytest.mark.parametrize("model", MODELS)
def test_rows_have_no_order_unless_asked(model):
    assert not model._meta.ordering


# Source that is wrong on purpose, to prove that a test can fail.
PLANTED = ["tests/architecture/test_rules.py"]
