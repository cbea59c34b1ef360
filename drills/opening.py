"""A location with everybody who buys in a drill: by card, on the bill, for free, and a debtor."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.utils.timezone import now
from django_scopes import scope

from community.management.commands.check_invariants import broken_invariants
from community.models import Customer, Location, Member, User
from credits.models import CreditOption
from drills.people import PASSWORD
from membership.demo.living import enter_card
from membership.models import PlanAssignment
from membership.services.assigning import PlanWish, assign_plan
from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
)
from membership.services.keeping_cards import Keeper, keep_card, open_card
from membership.services.periods import local_day
from membership.services.plans import PlanValues, add_plan

MANY = {"card": 4, "bill": 2, "free": 1, "payer": 1}
FEW = {"card": 3, "bill": 1, "free": 0, "payer": 1}  # enough to find a guard missing


def check() -> dict[str, list[str]]:
    return {"broken": list(broken_invariants())}


def open_location(slug: str, *, bills: int, few: bool) -> dict[str, Any]:
    at = now()
    names = {
        kind: [f"{kind}-{number}@{slug}.test" for number in range(count)]
        for kind, count in (FEW if few else MANY).items()
    }
    call_command("create_location", *_arguments(slug, names), stdout=StringIO())
    location = Location.objects.get(slug=slug)
    with scope(location=location):
        for email in (*names["card"], *names["payer"]):
            _give_card(email, at=at)
        _give_plans(location, names, at=at)
        owed = [_owe(email, bills, at=at) for email in names["payer"]]
        option = CreditOption.objects.get().pk
    return {"id": location.pk, "slug": slug, "option": option, "people": names, "bills": owed}


def _arguments(slug: str, names: dict[str, list[str]]) -> list[str]:
    people = [
        part
        for group in names.values()
        for email in group
        for part in ("--member", f"A B <{email}>")
    ]
    return [
        *("Drill", "--slug", slug, "--currency", "EUR", "--tax", "VAT 20"),
        *("--password", PASSWORD, "--admin", f"Nora Lind <nora@{slug}.test>", *people),
        *("--option", "10:10", "--connect-standin", f"/accounts/{slug}"),
    ]


def _give_card(email: str, *, at: datetime) -> None:
    keeper = Keeper(Member.objects.get(user__email=email), None)
    card, setup = open_card(keeper=keeper, key=uuid4(), at=at)
    enter_card(card.connection, setup, card="visa")
    keep_card(keeper=keeper, card_id=card.pk, at=at)


def _give_plans(location: Any, names: dict[str, list[str]], *, at: datetime) -> None:

    for kind, discount in (("bill", 0), ("free", 100)):
        values = PlanValues(kind, 1000, Decimal(discount), Decimal(0), None)
        plan = add_plan(location=location, values=values, by=None, at=at)
        wish = PlanWish(plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor.EVERYONE)
        for customer in Customer.objects.select_related("location").filter(
            member__user__email__in=names[kind]
        ):
            day = local_day(location, at)
            assign_plan(customer=customer, wish=wish, starts_on=day, ends_on=None, by=None, at=at)


def _owe(email: str, bills: int, *, at: datetime) -> list[int]:
    """Issue bills for someone to pay."""
    customer = Customer.objects.select_related("location").get(member__user__email=email)
    by = User.objects.get(email=f"nora@{customer.location.slug}.test")
    owed = []
    for number in range(bills):
        bill = open_bill_by_hand(customer=customer, key=str(number), by=by, at=at)
        add_manual_item(
            bill_id=bill.pk,
            description="Locker",
            price_minor=500,
            key=f"{email}-{number}",
            by=by,
            at=at,
        )
        owed.append(issue_bill_by_hand(bill_id=bill.pk, by=by, at=at).pk)
    return owed
