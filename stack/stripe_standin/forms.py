"""Bracketed form fields (`card[number]=…`, `expand[]=…`) as nested dicts and lists."""

import json
import re
from urllib.parse import parse_qsl

from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import Json

KEY = re.compile(r"[^\[\]]+|\[[^\[\]]*\]")
# Keys of these are the caller's own words: `metadata[0]` is a key, not a place in a list.
FREE_FORM = {"metadata"}


def parse_form(text: str) -> Json:
    tree: Json = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        _plant(tree, _path(key), value)
    return {key: _listed(key, value) for key, value in tree.items()}


def parse_body(text: str) -> Json:
    """Read a form; or JSON, which Stripe.js's stand-in in the browser sends as plain text."""
    if not text.lstrip().startswith("{"):
        return parse_form(text)
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise Refusal(f"Invalid request body: {error}") from error
    return {key: _as_form(value) for key, value in body.items() if value is not None}


def _path(key: str) -> list[str]:
    parts = KEY.findall(key)
    if not parts or "".join(parts) != key:
        raise Refusal(f"Invalid parameter name: {key}", param=key)
    return [part.strip("[]") for part in parts]


def _plant(tree: Json, path: list[str], value: str) -> None:
    *branches, leaf = path
    for branch in branches:
        tree = tree.setdefault(branch or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise Refusal(f"Invalid parameter: {branch} is both a value and a group")
    tree[leaf or str(len(tree))] = value


def _listed(key: str, value: object) -> object:
    if not isinstance(value, dict) or key in FREE_FORM:
        return value
    children = {name: _listed(name, child) for name, child in value.items()}
    if children and all(name.isdigit() for name in children):
        return [children[name] for name in sorted(children, key=int)]
    return children


def _as_form(value: object) -> object:
    if isinstance(value, dict):
        return {key: _as_form(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [_as_form(child) for child in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
