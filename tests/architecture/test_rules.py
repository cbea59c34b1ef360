"""Every rule is shown what it must refuse, and what it must let pass."""

import ast

import pytest

from tests.architecture import rules

REFUSED = [
    (rules.locks_that_block_foreign_keys, "Wallet.objects.select_for_update().get(pk=1)"),
    (rules.locks_that_block_foreign_keys, "rows.select_for_update(no_key=False, of=('self',))"),
    (
        rules.tasks_sent_inside_a_transaction,
        "def f():\n    with transaction.atomic():\n        send_mail.delay(1)",
    ),
    (
        rules.tasks_sent_inside_a_transaction,
        "@transaction.atomic\ndef f():\n    if x:\n        send_mail.apply_async([1])",
    ),
    (
        rules.tasks_sent_inside_a_transaction,
        "@transaction.atomic(durable=True)\ndef f():\n    app.send_task('x')",
    ),
    (rules.tasks_sent, "send_mail.delay_on_commit(1)"),
    (rules.raw_sql, "with connection.cursor() as cursor:\n    pass"),
    (rules.raw_sql, "Wallet.objects.raw('SELECT 1')"),
    (rules.raw_sql, "Wallet.objects.extra(where=['1=1'])"),
    (rules.raw_sql, "Wallet.objects.annotate(x=RawSQL('1', []))"),
    (rules.raw_sql, "fetch_row('SELECT 1', ())"),
    (
        rules.forms_that_take_any_field,
        "class F(ModelForm):\n    class Meta:\n        fields = '__all__'",
    ),
    (
        rules.forms_that_take_any_field,
        "class F(ModelForm):\n    class Meta:\n        exclude = ['state']",
    ),
    (rules.text_marked_as_markup, "mark_safe(name)"),
    (rules.text_marked_as_markup, "@register.filter(is_safe=True)\ndef f(x): ..."),
    (rules.queries_that_pass_the_scope, "Wallet.objects.exists()"),
    (rules.queries_that_pass_the_scope, "Wallet.objects.alias(x=F('y')).count()"),
    (rules.queries_that_pass_the_scope, "Wallet.objects.exclude(pk=1).exists()"),
    (rules.scopes_opened, "from django_scopes import scope, scopes_disabled"),
    (rules.scopes_opened, "Wallet.objects.with_scopes_disabled().all()"),
    (rules.money_as_a_float, "x = float(option.price_minor)"),
    (rules.money_as_a_float, "price: float = 1"),
    (rules.money_as_a_float, "def f(*, credits: float): ..."),
    (rules.money_as_a_float, "class M(Model):\n    x = models.FloatField()"),
    (rules.hidden_calls, "from django.db.models.signals import post_save"),
    (rules.hidden_calls, "from django.dispatch import receiver"),
    (rules.hidden_calls, "class M(Model):\n    def save(self): ..."),
    (rules.hidden_calls, "class M(Model):\n    owner = GenericForeignKey()"),
    (rules.clock_or_chance, "timezone.now()"),
    (rules.clock_or_chance, "key = uuid4()"),
    (rules.clock_or_chance, "from random import choice"),
]

PASSED = [
    (rules.locks_that_block_foreign_keys, "rows.select_for_update(no_key=True).get(pk=1)"),
    (
        rules.tasks_sent_inside_a_transaction,
        "def f():\n    with transaction.atomic():\n        write()\n    send_mail.delay(1)",
    ),
    (
        rules.forms_that_take_any_field,
        "class F(ModelForm):\n    class Meta:\n        fields = ['credits']",
    ),
    (rules.queries_that_pass_the_scope, "Wallet.objects.filter(pk=1).exists()"),
    (rules.queries_that_pass_the_scope, "Wallet.objects.exclude(pk=1).count()"),
    (rules.money_as_a_float, "seconds = float(timeout)"),
    (rules.clock_or_chance, "key = models.UUIDField(default=uuid4)"),
    (rules.clock_or_chance, "def f(*, now): return quote(now)"),
]


@pytest.mark.parametrize(("rule", "planted"), REFUSED)
def test_a_rule_finds_what_was_planted(rule, planted):
    assert rule(ast.parse(planted))


@pytest.mark.parametrize(("rule", "fine"), PASSED)
def test_a_rule_lets_pass_what_is_fine(rule, fine):
    assert rule(ast.parse(fine)) == []


@pytest.mark.parametrize(
    "planted", ["{{ name|safe }}", "{{ name | safe }}", "{% autoescape off %}", "{{ x|safeseq }}"]
)
def test_unescaped_output_is_found(planted):
    assert rules.markup_let_through(planted)


def test_escaped_output_passes():
    assert rules.markup_let_through("{{ name|escape }} is safe {% autoescape on %}") == []


def test_a_long_file_is_found():
    assert rules.too_long("\n" * 401)
    assert rules.too_long("\n" * 400) == []
