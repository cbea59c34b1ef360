"""Every code of a refusal is explained: in the docs, on the page, and none beside them."""

import ast
import inspect
import re
from itertools import chain
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from billing.services.bills import BillNotActive
from community.api import access, bodies, codes, problems, urls
from community.api import views as api_views
from config import errors
from credits.services import holding, restoring, spending, wallets
from membership import tickets
from membership.services import (
    assigning,
    bill_keeping,
    buyers,
    instant,
    plans,
    purchases,
    quotes,
    refusals,
)
from payments.services.card_testing import TooManyFailedCards

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
# What the API does, by the function that does it: each names in its docstring what it raises.
DONE = [
    spending.spend_credits,
    restoring.reverse_spend,
    holding.hold_credits,
    holding.capture_hold,
    holding.release_hold,
    assigning.assign_plan,
    assigning.end_plan,
    bill_keeping.add_manual_item,
    instant.buy_on_bill,
    instant.claim_free,
    purchases.start_purchase,
    purchases.check_purchase,
    buyers.look_at_buyer,
    buyers.lock_buyer,
    tickets.read_ticket,
]
WORDED = [spending, wallets, holding, restoring, assigning, plans, quotes, refusals, tickets]
# Ways of paying that the API has not.
ELSEWHERE = {
    "transfers_closed",
    "transfer_for_managers",
    "too_many_transfers",
    "new_card_for_managers",
}


def raised():
    """The refusals that the docstrings name; of purchases, all that there are."""
    text = " ".join(inspect.getdoc(it) or "" for it in DONE)
    known = chain.from_iterable(vars(module).items() for module in WORDED)
    refusing = {
        it for _name, it in known if isinstance(it, type) and issubclass(it, ValidationError)
    }
    found = {it for it in refusing if re.search(rf"\b{it.__name__}\b", text)}
    return (
        found | set(refusals.PurchaseRefused.__subclasses__()) | {BillNotActive, TooManyFailedCards}
    )


def codes_of(refusal):
    source = inspect.getsource(refusal)
    if refusal is holding.HoldClosed:
        return {"hold_captured", "hold_released", "hold_expired"}
    return set(re.findall(r'\bcode ?= ?"(\w+)"', source)) - {""}


def codes_in(module):
    """What a module of the API itself refuses: by name, by place, or by default."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {"PermissionDenied", "AuthenticationFailed", "_problem"}:
                texts = [*node.args[1:2], *(it.value for it in node.keywords if it.arg == "code")]
                yield from (it.value for it in texts if isinstance(it, ast.Constant))
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "default_code":
            yield node.value.value


def test_every_code_that_is_answered_is_explained():
    views = [it.callback.cls for it in urls.urlpatterns if hasattr(it.callback, "cls")]
    modules = {access, bodies, problems, api_views, errors, *map(inspect.getmodule, views)}
    own = set(chain.from_iterable(map(codes_in, modules)))
    of_rules = set(chain.from_iterable(map(codes_of, raised())))

    assert len(raised()) > 35
    assert own | set(problems.CODES.values()) | of_rules - ELSEWHERE == set(codes.MEANINGS)


def test_the_docs_list_the_codes():
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCS.read_text(), re.MULTILINE)

    assert dict(rows) == codes.MEANINGS


@pytest.mark.django_db
def test_what_a_problem_links_to_is_there(client):
    page = client.get("/api/v1/docs").content.decode()

    assert [code for code in codes.MEANINGS if f'id="{code}"' not in page] == []
