"""A location where each kind of thing has happened once, to be broken row by row."""

from datetime import timedelta
from decimal import Decimal

from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from analytics.models import Source
from analytics.services import record_revenue
from community.invariants import path_to_location
from community.models import ApiAnswer
from community.services.api_keys import make_api_key
from credits.models import Entry
from credits.services.granting import grant_credits
from credits.services.lapsing import lapse_customer_lots
from credits.services.spending import spend_credits
from membership.models import Invitation, PlanAssignment
from membership.services.assigning import PlanWish, assign_plan
from membership.services.invitations import invite
from membership.services.paying import pay_charge
from membership.services.periods import local_day
from membership.services.transfers import confirm_transfer
from payments.models import Alarm, GatewayConnection, GatewayEvent
from payments.services.card_testing import begin_card_try
from tests.billing.books import books_of_bills
from tests.credits.books import books_of_holds
from tests.factories import (
    CardFactory,
    CustomerFactory,
    DetailsFactory,
    PlanFactory,
    RoleFactory,
    awaited_transfer,
    company_of,
    pending_purchase,
)
from tests.notifications.books import books_of_news
from tests.payments.books import books_of_takings


def books(location):
    """A location where each kind of thing has happened once, and the ids of its rows."""
    at = now()
    with scope(location=location):
        first = {**books_of_transfers(location, at), **books_of_takings(location, at)}
        card = CardFactory(
            location=location,
            customer__member__location=location,
            connection=GatewayConnection.objects.for_cards().get(),
        )
        other = CardFactory(
            location=location, customer__member__location=location, connection=card.connection
        )
        customer = card.customer
        DetailsFactory(customer=customer)
        given = grant(customer, 6, key="given", at=at, lapses_at=at + timedelta(days=1))
        purchase = pending_purchase(card=card, at=at)
        pay_charge(charge=purchase.charge, at=at)
        drawn = grant(customer, 4, key="drawn", at=at, lapses_at=at + timedelta(days=30))
        grant(other.customer, 1, key="other", at=at)
        spending = spend_credits(customer=customer, credits=Decimal(3), key="spent", at=at)
        lapse_customer_lots(wallet_id=given.wallet_id, at=at + timedelta(days=2))
        last = spend_credits(
            customer=customer, credits=Decimal(1), key="last", at=at + timedelta(days=3)
        )
        pending = pending_purchase(card=card, at=at)
        begin_card_try(
            connection=card.connection,
            customer_id=customer.pk,
            user_id=customer.member.user_id,
            key=f"setup-{pending.key}",
            at=at,
        )
        company = company_of(other.customer.member, at=at)
        invite(
            location=location,
            email=f"friend@{location.slug}.test",
            kind=Invitation.Kind.MEMBER,
            by=other.customer.member.user,
            company=company,
            at=at,
        )
        running = assigned_plan(other.customer, at=at)
        GatewayEvent.objects.create(
            location=location,
            connection=card.connection,
            reference=f"evt_{location.pk}",
            kind="payment_intent.succeeded",
            payload={},
            received_at=at,
            processed_at=at,
        )
        alarm_and_answer(location, at)
        record_revenue(
            location=location,
            source=Source.OTHER,
            method="cash",
            label="lost",
            net_minor=100,
            key="lost",
            at=at,
        )
        purchase.refresh_from_db()
        return {
            "location": location.pk,
            "company": company.pk,
            "card": card.pk,
            "charge": purchase.charge_id,
            "purchase": purchase.pk,
            "receipt": purchase.receipt_id,
            "accrual": purchase.accrual_id,
            "full_lot": purchase.accrual.lot.pk,
            "pending": pending.pk,
            "pending_charge": pending.charge_id,
            "wallet": given.wallet_id,
            "given": given.pk,
            "lapsed_lot": given.lot.pk,
            "drawn_lot": drawn.lot.pk,
            "spending": spending.pk,
            "last_entry": last.pk,
            "assignment": running.pk,
            "period": f"period:{running.pk}:{running.starts_on}",
            "plan_fee": f"fee:{running.pk}:{running.starts_on}",
            "monthly": Entry.objects.get(reason="plan").pk,
            "other_wallet": other.customer.wallet.pk,
            "other_customer": other.customer.pk,
            "other_member": other.customer.member_id,
            **first,
            **books_of_holds(location, at),
            **books_of_bills(location, at),
            **books_of_news(location, customer.pk, at),
        }


def alarm_and_answer(location, at):
    """An alarm that stands, and what other software was told with a key of the location."""
    Alarm.objects.create(location=location, condition="clock", raised_at=at)
    key = make_api_key(
        location=location,
        name="Doors",
        scopes=["read"],
        token=f"dm-{location.pk}",
        by=RoleFactory(location=location).user,
        at=at,
    )
    ApiAnswer.objects.create(
        location=location, api_key=key, key="k", fingerprint="f", claimed_at=at
    )


def books_of_transfers(location, at):
    """One that is awaited, one that came, and one of another amount."""
    member = CustomerFactory(member__location=location).member
    admin = RoleFactory(location=location).user
    awaited, came, other = (awaited_transfer(member, at=at) for _ in range(3))
    today = local_day(location, at)
    for bought, more in ((came, 0), (other, 1)):
        confirm_transfer(
            charge_id=bought.charge_id,
            amount_minor=bought.total_minor + more,
            received_on=today,
            by=admin,
            at=at,
        )
    return {
        "awaited": awaited.pk,
        "awaited_charge": awaited.charge_id,
        "received_charge": came.charge_id,
        "other_amount_charge": other.charge_id,
    }


def assigned_plan(customer, *, at):
    plan = PlanFactory(location=customer.location, monthly_credits=5)
    return assign_plan(
        customer=customer,
        wish=PlanWish(plan_id=plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor.MANAGERS),
        starts_on=local_day(customer.location, at),
        ends_on=None,
        by=None,
        at=at,
    )


def grant(customer, credits, **more):
    return grant_credits(
        customer=customer, credits=Decimal(credits), reason=Entry.Reason.GIVEN, **more
    )


def row_of(model, ids, field=None):
    lookup = "__".join(step.name for step in path_to_location(model))
    with scopes_disabled():
        rows = model.objects.filter(**{lookup: ids["location"]})
        pointing = rows.exclude(**{field.name: None}) if field else rows
        return (pointing.order_by("-pk").first() or rows.order_by("-pk").first()).pk
