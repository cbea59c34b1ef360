"""Locations of their own for the tests, on the one stack they share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import environ
import psycopg
from psycopg.rows import dict_row

from tests.browser.commands import Commands

PASSWORD = "deskmint-demo"
ADMIN = "nora@quay.test"
STAFF = "jonas@quay.test"
MEMBER = "mia@quay.test"
OTHER_MEMBER = "theo@quay.test"
EUROS = ("--currency", "EUR", "--time-zone", "Europe/Berlin", "--tax", "VAT 20")
YEN = ("--currency", "JPY", "--time-zone", "Asia/Tokyo", "--tax", "Consumption tax 10")
PEOPLE = (
    ("--admin", f"Nora Lind <{ADMIN}>"),
    ("--staff", f"Jonas Brandt <{STAFF}>"),
    ("--member", f"Mia Holm <{MEMBER}>"),
    ("--member", f"Theo Night <{OTHER_MEMBER}>"),
)


@dataclass(frozen=True)
class Place:
    """A location: where it is, and what really happened in it."""

    slug: str
    stack: object

    @property
    def url(self):
        return f"{self.stack.url}/{self.slug}/"

    @property
    def standin_account(self):
        return f"{self.stack.standin_url}/accounts/{self.slug}"

    def book(self):
        """Every movement of money that the stand-in knows of."""
        with urlopen(f"{self.standin_account}/_book") as answer:
            return json.load(answer)["data"]

    def switch(self, fault, **given):
        """Have the stand-in make the next calls or webhooks go wrong."""
        form = urlencode({"fault": fault, **given}).encode()
        with urlopen(f"{self.standin_account}/_faults", data=form) as answer:
            assert json.load(answer)["data"]

    def mend(self):
        """End all faults."""
        with urlopen(Request(f"{self.standin_account}/_faults", method="DELETE")) as answer:
            assert json.load(answer)["data"] == []

    def rows(self, sql):
        """What the stack's own database says of this location (`%(slug)s`)."""
        with connect(self.stack) as connection:
            cursor = connection.execute(sql, {"slug": self.slug})
            return cursor.fetchall() if cursor.description else []

    def movements(self):
        """Every movement of money that Deskmint knows of, under its charge's reference."""
        return self.rows(
            "SELECT coalesce(charge.reference, moved.reference) AS reference, moved.currency,"
            " CASE WHEN charge.id IS NULL THEN 1 ELSE -1 END * moved.amount_minor AS amount_minor,"
            " moved.state FROM payments_transaction AS moved"
            " LEFT JOIN payments_transaction AS charge ON charge.id = moved.charge_id"
            " JOIN community_location AS place ON place.id = moved.location_id"
            " WHERE place.slug = %(slug)s ORDER BY moved.id"
        )

    def cards(self):
        return self.rows(
            "SELECT card.state, card.reference FROM payments_card AS card"
            " JOIN community_location AS place ON place.id = card.location_id"
            " WHERE place.slug = %(slug)s ORDER BY card.id"
        )

    def purchase_states(self):
        return [
            purchase["state"]
            for purchase in self.rows(
                "SELECT purchase.state FROM membership_purchase AS purchase"
                " JOIN community_location AS place ON place.id = purchase.location_id"
                " WHERE place.slug = %(slug)s ORDER BY purchase.id"
            )
        ]

    def owner_at_the_gateway(self, card):
        """Whose card it is at the stand-in; None once it is detached."""
        request = Request(f"{self.standin_account}/v1/payment_methods/{card}")
        request.add_header("Authorization", "Bearer rk_test_reader")
        with urlopen(request) as answer:
            return json.load(answer)["customer"]

    def suspend_members(self):
        self.rows(
            "UPDATE community_member SET state = 'suspended' WHERE location_id ="
            " (SELECT id FROM community_location WHERE slug = %(slug)s)"
        )


def connect(stack):
    told = json.loads((Path(stack.environment["DATA"]) / "run" / "environment.json").read_text())
    database = environ.Env.db_url_config(told["DATABASE_URL"])
    return psycopg.connect(
        host=database["HOST"],
        dbname=database["NAME"],
        user=database["USER"],
        autocommit=True,
        row_factory=dict_row,
    )


class Estate:
    """Opens locations."""

    def __init__(self, stack):
        self.stack = stack
        self.commands = Commands(stack)
        self.numbers = count(1)

    def open(self, *, money=EUROS, options=("10:10",), connected=True, people=PEOPLE):
        """Open one as most tests want it: euros, 10 credits for €12.00, members, cards."""
        number = next(self.numbers)
        slug = f"quay-{number}"
        arguments = [f"Quay {number}", "--slug", slug, *money, "--password", PASSWORD]
        for role, person in people:
            arguments += [role, person]
        for option in options:
            arguments += ["--option", option]
        if connected:
            arguments += ["--connect-standin", f"/accounts/{slug}"]
        self.commands.run("create_location", *arguments)
        return Place(slug, self.stack)

    def close(self):
        """At the end of it all every sentence about the books still holds."""
        try:
            self.commands.run("check_invariants")
        finally:
            self.commands.close()
