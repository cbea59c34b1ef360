"""Who may buy for whom, and how: every buyer, wallet, method, permission and plan.

`expected` says in few words what the rules are; the domain is asked for each of the cases.
"""

from itertools import product

import pytest
from django.core.exceptions import ValidationError
from django_scopes import scope

from membership.models import Purchase
from membership.services.instant import buy_on_bill, claim_free
from membership.services.purchases import CardOrder, start_purchase
from tests.factories import NOON, CardFactory, ConnectionFactory, LocationFactory
from tests.membership.office import Office, give_plan, hire, order_of

METHODS = ["saved card", "new card", "bill", "free"]
PERMISSIONS = {"none": {}, "card": {"card": True}, "bill": {"bill": True}}
PLANS = {
    "none": None,
    "without bill": {},
    "bill for managers": {"bill": "managers"},
    "bill for everyone": {"bill": "everyone"},
    "all free": {"discount_percent": 100},
}
CASES = [
    *product(["member"], ["personal"], METHODS, ["none"], PLANS),
    *product(["manager"], ["company"], METHODS, ["none"], PLANS),
    *product(["company member"], ["company"], METHODS, PERMISSIONS, PLANS),
    *product(["stranger"], ["company"], METHODS, ["none"], ["bill for everyone", "all free"]),
    *product(["suspended"], ["personal", "company"], METHODS, ["none"], ["bill for everyone"]),
]


def expected(buyer, method, permission, plan):
    """What becomes of it: completed, pending (a card is to be charged), or the refusal's code."""
    if buyer in {"suspended", "stranger"}:
        return {"suspended": "not_an_active_member", "stranger": "not_in_company"}[buyer]
    manages = buyer in {"member", "manager"}
    if method == "free":
        return _free(manages, permission, plan)
    if method == "bill":
        return _bill(manages, permission, plan)
    if plan == "all free":
        return "nothing_to_pay"
    if not (manages or permission == "card"):
        return "may_not_use_card"
    return "pending" if manages or method == "saved card" else "new_card_for_managers"


def _free(manages, permission, plan):
    if plan == "none":
        return "no_plan"
    if plan != "all free":
        return "not_free"
    return "completed" if manages or permission != "none" else "may_not_claim"


def _bill(manages, permission, plan):
    if plan == "none":
        return "no_plan"
    if plan == "all free":
        return "nothing_to_pay"
    if plan == "without bill":
        return "bill_not_enabled"
    if manages:
        return "completed"
    if plan == "bill for managers":
        return "bill_for_managers"
    return "completed" if permission == "bill" else "may_not_use_bill"


@pytest.fixture
def place(db, fake_gateway):
    location = LocationFactory()
    with scope(location=location):
        yield location


def outcome(place, buyer, wallet, method, permission, plan):
    office = Office(place)
    member = {
        "manager": office.carl,
        "company member": office.cora,
        "suspended": office.carl,
    }.get(buyer) or hire(place, "Mia Holm")
    company = office.company if wallet == "company" else None
    customer = office.customer if company else member.customer
    if PLANS[plan] is not None:
        give_plan(customer, **PLANS[plan])
    office.permit(office.cora, **PERMISSIONS[permission])
    asker = office.carl if buyer == "stranger" else member
    order = order_of(asker, company=company)
    order = type(order)(member, order.company_id, order.seen, order.key)
    if buyer == "suspended":
        member.state = "suspended"
        member.save()
    try:
        return buy(order, method, customer).state
    except ValidationError as refusal:
        return refusal.code


def buy(order, method, customer) -> Purchase:
    if method in {"bill", "free"}:
        way = {"bill": buy_on_bill, "free": claim_free}[method]
        return way(order=order, at=NOON)
    connection = ConnectionFactory(location=customer.location)
    card = CardFactory(customer=customer, connection=connection)
    return start_purchase(
        member=order.member,
        company_id=order.company_id,
        option_id=order.seen.option_id,
        order=CardOrder(connection.pk, card.pk if method == "saved card" else None),
        seen=order.seen,
        key=order.key,
        at=NOON,
    )


@pytest.mark.parametrize(("buyer", "wallet", "method", "permission", "plan"), CASES)
def test_who_may_buy(place, buyer, wallet, method, permission, plan):
    came = outcome(place, buyer, wallet, method, permission, plan)

    assert came == expected(buyer, method, permission, plan)
