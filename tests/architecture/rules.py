"""The house rules that a syntax tree or a template can show, as small functions.

Each takes what it reads and gives back what offends. `test_rules.py` shows every one of them
a planted offence, so that a rule which can't fail is noticed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

Offences = list[str]

SENDING = {"delay", "apply_async", "send_task", "signature", "delay_on_commit"}
BY_CLOCK_OR_CHANCE = {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7", "time", "localdate"}
MONEY = re.compile(r"minor|price|amount|total|tax|credits|balance|net_|paid", re.IGNORECASE)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a tree with the last part of the name that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported name with its dotted path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def show(node: ast.expr | ast.stmt) -> str:
    return f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}"


def locks_that_block_foreign_keys(tree: ast.AST) -> Offences:
    """A plain FOR UPDATE deadlocks against the key-share lock that a foreign key takes."""
    return [
        show(call)
        for name, call in calls(tree)
        if name == "select_for_update"
        and not any(
            word.arg == "no_key" and getattr(word.value, "value", None) is True
            for word in call.keywords
        )
    ]


def tasks_sent_inside_a_transaction(tree: ast.AST) -> Offences:
    """A worker may start before the commit, or after a rollback."""
    inside = [node for node in ast.walk(tree) if _is_atomic(node)]
    return [
        show(call)
        for block in inside
        for name, call in calls(block)
        if name in SENDING - {"delay_on_commit"}
    ]


def _is_atomic(node: ast.AST) -> bool:
    if isinstance(node, ast.With | ast.AsyncWith):
        return any("atomic" in ast.unparse(item.context_expr) for item in node.items)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return any("atomic" in ast.unparse(decorator) for decorator in node.decorator_list)
    return False


def tasks_sent(tree: ast.AST) -> Offences:
    return [show(call) for name, call in calls(tree) if name in SENDING]


def raw_sql(tree: ast.AST) -> Offences:
    doors = {"cursor", "raw", "extra", "RawSQL", "run_statement", "fetch_row"}
    return [show(call) for name, call in calls(tree) if name in doors]


def forms_that_take_any_field(tree: ast.AST) -> Offences:
    """A field added to a model later must not become editable by itself."""
    return [
        show(line)
        for meta in ast.walk(tree)
        if isinstance(meta, ast.ClassDef) and meta.name == "Meta"
        for line in meta.body
        if isinstance(line, ast.Assign)
        and (
            _assigns(line, "exclude")
            or (_assigns(line, "fields") and getattr(line.value, "value", None) == "__all__")
        )
    ]


def _assigns(line: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in line.targets)


def text_marked_as_markup(tree: ast.AST) -> Offences:
    marked = [show(call) for name, call in calls(tree) if name in {"mark_safe", "SafeString"}]
    return marked + [
        show(call)
        for _, call in calls(tree)
        if any(word.arg == "is_safe" for word in call.keywords)
    ]


def markup_let_through(template: str) -> Offences:
    return re.findall(r"\|\s*safe\w*\b|autoescape\s+off|safeseq", template)


def queries_that_pass_the_scope(tree: ast.AST) -> Offences:
    """What django-scopes does not stop on a manager without an active location."""
    return [
        show(call)
        for name, call in calls(tree)
        if isinstance(call.func, ast.Attribute)
        and (
            (name in {"alias", "contains"} and _manager(call.func.value))
            or (name == "exists" and _manager(_before_narrowing(call.func.value)))
        )
    ]


def _before_narrowing(node: ast.expr) -> ast.expr:
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"exclude", "distinct", "defer", "using"}
    ):
        node = node.func.value
    return node


def _manager(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {
        "objects",
        "_base_manager",
        "_default_manager",
    }


def scopes_opened(tree: ast.AST) -> Offences:
    return [
        f"line {line}: {name}"
        for name, line in imports(tree)
        if name.endswith(("scopes_disabled", "_base_manager"))
    ] + [show(call) for name, call in calls(tree) if name == "with_scopes_disabled"]


def money_as_a_float(tree: ast.AST) -> Offences:
    converted = [
        show(call)
        for name, call in calls(tree)
        if name == "float" and any(MONEY.search(ast.unparse(argument)) for argument in call.args)
    ]
    typed = [
        show(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and MONEY.search(ast.unparse(node.target))
        and "float" in ast.unparse(node.annotation)
    ]
    fields = [show(call) for name, call in calls(tree) if name == "FloatField"]
    arguments = [
        f"line {node.lineno}: {node.arg}: float"
        for node in ast.walk(tree)
        if isinstance(node, ast.arg)
        and node.annotation
        and MONEY.search(node.arg)
        and "float" in ast.unparse(node.annotation)
    ]
    return converted + typed + fields + arguments


def hidden_calls(tree: ast.AST) -> Offences:
    """Signals, overridden save() and delete(), generic keys: things that happen unseen."""
    signals = [
        f"line {line}: {name}"
        for name, line in imports(tree)
        if "signals" in name.split(".") or name.startswith(("django.dispatch", "blinker"))
    ]
    overridden = [
        f"line {method.lineno}: {owner.name}.{method.name}"
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, ast.FunctionDef) and method.name in {"save", "delete", "asave"}
    ]
    generic = [show(call) for name, call in calls(tree) if name == "GenericForeignKey"]
    return signals + overridden + generic


def clock_or_chance(tree: ast.AST) -> Offences:
    """Time, ids and randomness are arguments of the domain."""
    return [
        show(call)
        for name, call in calls(tree)
        if name in BY_CLOCK_OR_CHANCE and not call.args and not call.keywords
    ] + [f"line {line}: {name}" for name, line in imports(tree) if name.split(".")[0] == "random"]


def too_long(text: str, *, lines: int = 400) -> Offences:
    length = len(text.splitlines())
    return [f"{length} lines"] if length > lines else []
