"""Accounts: one for every name under `/accounts/`, opened when it is first called."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import Json, new_id
from stack.stripe_standin.store import Store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

# A name may end in a country: `harbour-gb` is British and settles in pounds.
COUNTRIES = {
    "at": "eur", "be": "eur", "ch": "chf", "de": "eur", "dk": "dkk", "es": "eur", "fr": "eur",
    "gb": "gbp", "ie": "eur", "it": "eur", "jp": "jpy", "nl": "eur", "no": "nok", "pl": "pln",
    "se": "sek", "us": "usd",
}  # fmt: skip
COUNTRY = "de"
# In a name: the account is not activated yet, so it takes no live charges.
UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Account:
    name: str
    body: Json

    @property
    def id(self) -> str:
        return str(self.body["id"])


def open_account(store: Store, *, name: str, at: int) -> Account:
    if not NAME.fullmatch(name):
        raise Refusal(f"No such account: '{name}'", status=HTTPStatus.NOT_FOUND)
    store.db.execute(
        "INSERT INTO accounts (name, body) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (name, json.dumps(_new_account(name, at=at))),
    )
    row = store.db.execute("SELECT body FROM accounts WHERE name = ?", (name,)).fetchone()
    return Account(name=name, body=json.loads(row["body"]))


def all_accounts(store: Store) -> list[Account]:
    rows = store.db.execute("SELECT name, body FROM accounts ORDER BY name")
    return [Account(name=row["name"], body=json.loads(row["body"])) for row in rows]


def _new_account(name: str, *, at: int) -> Json:
    ending = re.split(r"[-_]", name.lower())[-1]
    country = ending if ending in COUNTRIES else COUNTRY
    title = re.sub(r"[-_]+", " ", name).title()
    return {
        "id": new_id("acct", length=16),
        "object": "account",
        "business_profile": {"mcc": "6513", "name": title, "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": UNFINISHED not in name,
        "country": country.upper(),
        "created": at,
        "default_currency": COUNTRIES[country],
        "details_submitted": True,
        "email": f"{name.lower()}@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "card_payments": {"statement_descriptor_prefix": None},
            "dashboard": {"display_name": title, "timezone": "Etc/UTC"},
            "payments": {"statement_descriptor": title.upper()[:22]},
        },
        "type": "standard",
    }
