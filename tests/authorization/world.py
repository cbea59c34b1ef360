"""Two locations with the same names in them, their people, and a browser for each of these."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from django_scopes import scope

from billing.models import Bill
from community.models import Customer, Location, Member, Role, User
from community.services import record_audit
from credits.models import CreditUse, Entry
from credits.services.granting import grant_credits
from membership.models import Invitation, JoinRequest, MemberImport
from membership.services.bill_charging import start_bill_charge
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
)
from membership.services.bill_payment import mark_bill_paid
from membership.services.companies import add_company, put_in_company
from membership.services.invitations import invite
from membership.services.joining import add_member
from membership.services.paying import pay_charge
from membership.services.periods import local_day
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import quote_option
from payments.models import GatewayEvent, ReviewCase, Transaction
from tests.authorization.desk import desk_ids
from tests.authorization.software import add_api
from tests.factories import (
    AssignmentFactory,
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    DetailsFactory,
    LocationFactory,
    OptionFactory,
    PlanFactory,
    RoleFactory,
    UserFactory,
    awaited_transfer,
    with_second_factor,
)
from tests.membership.tab import received
from tests.membership.takings import owed_of
from tests.test_architecture import BOTTOM_UP

HERE, THERE = "here", "there"
A_QUARTER = timedelta(days=90)
# What is written because something was refused: how often a webhook's signature was wrong.
COUNTED = ["refused_events", "refused_lately", "event_refused_at"]
# What only the other location's pages may show, and what only its owner's.
FOREIGN = ("@there.test", "7391", "pi_there", "note-of-there")
COLLEAGUES = ("colleague@here.test", "6283")


@dataclass
class Place:
    """One location with the ids that addresses take."""

    location: Location
    people: dict[str, Member] = field(default_factory=dict)
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class World:
    here: Place
    there: Place
    browsers: dict[str, Client]
    digest: str = ""


def build_world() -> World:
    """Write the rows in turns, so that the two locations' ids interleave."""
    places = {name: Place(_location(name)) for name in (HERE, THERE)}
    for who, state in MEMBERS.items():
        for name, place in places.items():
            with scope(location=place.location):
                _add_member(place, name, who, state)
    for name, place in places.items():
        with scope(location=place.location):
            _add_things(place, name)
    here = places[HERE]
    users = {
        "non_member": UserFactory(name="Noah", email="noah@nowhere.test"),
        "staff": _team(here, Role.Kind.STAFF, HERE),
        "admin": _team(here, Role.Kind.ADMIN, HERE),
        "other_admin": _team(places[THERE], Role.Kind.ADMIN, THERE),
        "operator": with_second_factor(
            UserFactory(name="Operator", email="operator@nowhere.test", is_superuser=True)
        ),
        **{who: here.people[who].user for who in ("member", "suspended", "left")},
    }
    of_the_desk = desk_ids(users["admin"])
    for ids in here.ids.values():
        ids.update(of_the_desk)
    browsers = {who: _browser(user) for who, user in users.items()}
    world = World(here, places[THERE], {"anonymous": Client(), **browsers})
    world.digest = digest()
    return world


MEMBERS = {
    "member": Member.State.ACTIVE,
    "colleague": Member.State.ACTIVE,
    "suspended": Member.State.SUSPENDED,
    "left": Member.State.LEFT,
}


def _location(name: str) -> Location:
    location = LocationFactory(name="Loft", slug=f"{name}-loft")
    with scope(location=location):
        ConnectionFactory(location=location, webhook_secret=f"whsec_{name}")
    return location


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _team(place: Place, kind: str, name: str) -> User:
    user = UserFactory(name=f"{kind} Person", email=f"{kind}@{name}.test")
    RoleFactory(location=place.location, user=user, kind=kind)
    return with_second_factor(user)


def _add_member(place: Place, name: str, who: str, state: str) -> None:
    """A member with credits, a kept card, a purchase with its receipt and a pending one."""
    customer = CustomerFactory(
        member__location=place.location,
        member__user__name=f"{who} person",
        member__user__email=f"{who}@{name}.test",
    )
    DetailsFactory(customer=customer, emails=[f"{who}@{name}.test"])
    member = customer.member
    last4 = "7391" if name == THERE else "6283" if who == "colleague" else "4242"
    card = CardFactory(
        customer=customer,
        connection=place.location.gatewayconnection_set.get(gateway="stripe"),
        last4=last4,
    )
    grant_credits(
        customer=customer,
        credits=Decimal(3),
        reason=Entry.Reason.GIVEN,
        key="gift",
        note=f"note-of-{name}",
        at=now(),
    )
    option = OptionFactory(location=place.location, price_minor=1000 + member.pk)
    # More sales there, so that it has receipt numbers that are not given here.
    extra = len(MEMBERS) if (name, who) == (THERE, "member") else 0
    *earlier, bought, pending = (
        start_purchase(
            member=member,
            option_id=option.pk,
            order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
            seen=quote_option(option, place.location),
            key=uuid4(),
            at=now(),
        )
        for _ in range(2 + extra)
    )
    for purchase in (*earlier, bought):
        pay_charge(charge=purchase.charge, at=now())
    bought.refresh_from_db()
    transfer = awaited_transfer(member, option=option)
    company_ids = _add_company(place, name, who, member)
    member.state = state
    member.save()
    place.people[who] = member
    spare = CardFactory(customer=customer, connection=card.connection, last4=last4)
    # Before the plan: from then on only its periods open bills.
    bill_ids = _add_bills(customer, notes=1 + extra)
    running = AssignmentFactory(customer=customer, starts_on=now().date() - A_QUARTER)
    place.ids[who] = {
        "member_id": member.pk,
        "customer_id": customer.pk,
        "assignment_id": running.pk,
        "plan_id": running.plan_id,
        "card_id": spare.pk,
        "key": bought.key,
        "pending_key": pending.key,
        "transfer_key": transfer.key,
        "number": bought.receipt.number,
        "option_id": option.pk,
        **company_ids,
        **bill_ids,
    }


def _add_company(place: Place, name: str, who: str, manager: Member) -> dict[str, int]:
    """A company that they manage, with a member in it, credits and somebody invited."""
    company = add_company(
        location=place.location, name=f"{who} works", manager=manager, by=None, at=now()
    )
    hand = UserFactory(name="Hand", email=f"{who}s-hand@{name}.test")
    hand = add_member(location=place.location, user=hand, at=now())
    employed = put_in_company(company=company, member=hand, by=None, at=now())
    grant_credits(
        customer=company.customer,
        credits=Decimal(5),
        reason=Entry.Reason.GIVEN,
        key="gift",
        at=now(),
    )
    invitation, _token = invite(
        location=place.location,
        email=f"{who}s-friend@{name}.test",
        kind=Invitation.Kind.MEMBER,
        by=manager.user,
        company=company,
        at=now(),
    )
    card = CardFactory(
        customer=company.customer,
        connection=place.location.gatewayconnection_set.get(gateway="stripe"),
        last4="7391" if name == THERE else "6283" if who == "colleague" else "4242",
    )
    return {
        "company_id": company.pk,
        "company_card_id": card.pk,
        "place_id": employed.pk,
        "company_invitation_id": invitation.pk,
    }


def _add_bills(customer: Customer, *, notes: int) -> dict[str, Any]:
    """A paid bill with credit notes, one that is due, and an open one with an item."""
    by = customer.member.user
    ids: dict[str, Any] = {}
    for which in ("issued_bill_id", "due_bill_id", "bill_id"):
        bill = open_bill_by_hand(customer=customer, key=f"{which}-{by.pk}", by=by, at=now())
        item = add_manual_item(
            bill_id=bill.pk,
            description="Locker",
            price_minor=1000,
            key=f"{which}-{by.pk}",
            by=by,
            at=now(),
        )
        ids |= {which: bill.pk, "item_id": item.pk}
        if which == "issued_bill_id":
            issue_bill_by_hand(bill_id=bill.pk, by=by, at=now())
            for number in range(notes):
                note = credit_bill(
                    bill_id=bill.pk,
                    wanted={item.pk: 1},
                    reason="Agreed",
                    waive_spent=False,
                    key=f"{number}-{by.pk}",
                    by=by,
                    at=now(),
                )
                ids["note_number"] = note.number
            today = local_day(customer.location, now())
            mark_bill_paid(bill_id=bill.pk, received=received(paid_on=today), by=by, at=now())
        if which == "due_bill_id":
            issue_bill_by_hand(bill_id=bill.pk, by=by, at=now())
            ids["bill_charge_key"] = _left_payment(bill.pk, customer, by).key
    return ids


def _left_payment(bill_id: int, customer: Customer, by: User) -> Transaction:
    """A payment whose card was never entered."""
    connection = customer.location.gatewayconnection_set.get(gateway="stripe")
    return start_bill_charge(
        bill_id=bill_id,
        key=uuid4(),
        order=CardOrder(connection.pk, card_id=None),
        seen_minor=Bill.objects.get(pk=bill_id).to_pay_minor,
        by=by,
        at=now(),
    )


def _add_things(place: Place, name: str) -> None:
    location = place.location
    archived = OptionFactory(location=location, credits=99, archived_at=now())
    invitation = Invitation.objects.create(
        location=location,
        kind=Invitation.Kind.MEMBER,
        email=f"invited@{name}.test",
        token_hash=hashlib.sha256(f"token-{name}".encode()).hexdigest(),
        created_at=now(),
        expires_at=now().replace(year=2100),
    )
    request = JoinRequest.objects.create(
        location=location,
        user=UserFactory(name="Asking", email=f"asking@{name}.test"),
        created_at=now(),
    )
    GatewayEvent.objects.create(
        location=location,
        connection=location.gatewayconnection_set.get(gateway="stripe"),
        reference=f"evt_{name}",
        kind="payment_intent.succeeded",
        payload={},
        received_at=now(),
        processed_at=now(),
    )
    team_invitation = Invitation.objects.create(
        location=location,
        kind=Invitation.Kind.STAFF,
        email=f"helper@{name}.test",
        token_hash=hashlib.sha256(f"team-{name}".encode()).hexdigest(),
        created_at=now(),
        expires_at=now().replace(year=2100),
    )
    record_audit(location=location, by=None, action="opened", subject="location", at=now())
    api_ids = add_api(place.location, place.people["member"].customer, name)
    use = CreditUse.objects.create(location=location, name="Desk", credits=1)
    role = RoleFactory(location=location, user__email=f"helper2@{name}.test", kind="staff")
    job = MemberImport.objects.create(
        location=location,
        uploaded_by=role.user,
        file_name=f"note-of-{name}.csv",
        content=b"email,name\nnew@example.test,New\n",
        digest="",
        state=MemberImport.State.CHECKED,
        created_at=now(),
    )
    case = ReviewCase.objects.create(
        location=location,
        charge=Transaction.objects.exclude(bill=None).latest("pk"),
        reason="surplus",
        noticed_at=now(),
    )
    mismatch = ReviewCase.objects.create(
        location=location,
        charge=case.charge,
        reason="mismatch",
        expected={"amount_minor": 1200, "currency": "EUR", "reference": ""},
        reported={"amount_minor": 1100, "currency": "EUR", "reference": "pi_other"},
        noticed_at=now(),
    )
    retired = PlanFactory(location=location, archived_at=now())
    owed = owed_of(Transaction.objects.filter(bill=None).earliest("pk"), reference=f"re_{name}")
    for ids in place.ids.values():
        ids |= {
            **api_ids,
            "owed_id": owed.pk,
            "archived_plan_id": retired.pk,
            "slug": location.slug,
            "place": location.slug,
            "archived_option_id": archived.pk,
            "invitation_id": invitation.pk,
            "team_invitation_id": team_invitation.pk,
            "request_id": request.pk,
            "use_id": use.pk,
            "role_id": role.pk,
            "import_id": job.pk,
            "case_id": case.pk,
            "mismatch_id": mismatch.pk,
            "gateway": "stripe",
            "connection_id": location.gatewayconnection_set.get(gateway="stripe").pk,
            "connection_key": location.gatewayconnection_set.get(gateway="stripe").key,
            "token": f"token-{name}",
        }


def digest() -> str:
    """A fingerprint of all of our rows: the same before and after what was refused."""
    tables = [
        model._meta.db_table
        for label in BOTTOM_UP
        for model in apps.get_app_config(label).get_models()
    ]
    row = f"(to_jsonb(t) - ARRAY{COUNTED})::text"
    parts = [
        f"(SELECT coalesce(md5(string_agg({row}, '|' ORDER BY {row})), '') FROM {table} t)"
        for table in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5({' || '.join(parts)})")
        return cursor.fetchone()[0]
