from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from analytics.models import RevenueLine
from billing.models import Bill, BillItem
from billing.services import issue_bill, open_bill
from community.models import Customer, Location
from credits.models import CreditOption, Wallet
from membership.models import Plan, PlanAssignment, Purchase
from membership.services.assigning import When, end_plan
from membership.services.bill_keeping import remove_item
from membership.services.closing import close_period
from membership.services.companies import close_company, remove_from_company
from membership.services.instant import buy_on_bill, claim_free
from membership.services.joining import suspend_member
from membership.services.quotes import OptionNotOnSale, QuoteChanged
from membership.services.refusals import (
    BillLimitReached,
    BillOverdue,
    CompanyClosed,
    MayNotUseBill,
    NoPlan,
    NotAnActiveMember,
    NotInCompany,
    PurchaseRefused,
)
from notifications.models import Notification
from tests.factories import NOON, LocationFactory
from tests.membership.office import Office, give_plan, order_of


@pytest.fixture
def office(db):
    location = LocationFactory()
    with scope(location=location):
        yield Office(location)


@pytest.fixture
def on_the_bill(office):
    """Studio North has 25 % off and a bill for everyone; Cora may use it."""
    give_plan(office.customer, bill="everyone", discount_percent=25, price_minor=5000)
    office.permit(office.cora, bill=True)
    return office


def confirm(office, member=None, **more):
    return order_of(member or office.cora, company=office.company, **more)


def test_a_purchase_is_an_item_on_the_active_bill_and_credits_at_once(on_the_bill, invariants_hold):
    purchase = buy_on_bill(order=confirm(on_the_bill), at=NOON)

    bill = Bill.objects.get()
    assert purchase.state == "completed"
    assert purchase.bill_item.bill == bill
    # The fee and 10.00 less a quarter, each with 20 % tax.
    assert (bill.net_minor, bill.tax_minor, bill.total_minor) == (5750, 1150, 6900)
    assert (purchase.net_minor, purchase.total_minor, purchase.discount_percent) == (750, 900, 25)
    assert Wallet.objects.get(customer=on_the_bill.customer).balance == 10
    assert purchase.accrual.lot.paid_minor == 750
    line = RevenueLine.objects.get(source="credits")
    assert (line.net_minor, line.method) == (750, "bill")
    told = Notification.objects.filter(kind="credits_added")
    assert {it.user for it in told} == {on_the_bill.carl.user, on_the_bill.cora.user}
    assert told[0].facts["company"] == "Studio North"
    invariants_hold()


def test_two_clicks_are_one_purchase(on_the_bill):
    order = confirm(on_the_bill)

    first, second = (buy_on_bill(order=order, at=NOON) for _ in range(2))

    assert first == second
    assert Purchase.objects.count() == 1
    assert BillItem.objects.filter(source="credits").count() == 1


def test_a_purchase_takes_six_statements_and_its_transaction(office, django_assert_num_queries):
    customer = Customer.objects.select_related("location").get(member=office.cora)
    give_plan(customer, bill="managers", discount_percent=25)
    order = order_of(office.cora)

    # Facts under lock with option and number; bill item, accrual, notification, revenue, purchase;
    # and the savepoint with its release, which stand for begin and commit.
    with django_assert_num_queries(8):
        purchase = buy_on_bill(order=order, at=NOON)

    same = {field.attname: getattr(purchase, field.attname) for field in Purchase._meta.fields}
    assert same == Purchase.objects.values().get()


def test_a_purchase_for_a_company_asks_also_whom_to_tell(on_the_bill, django_assert_num_queries):
    order = confirm(on_the_bill)

    with django_assert_num_queries(9):
        buy_on_bill(order=order, at=NOON)


@pytest.mark.parametrize("way", [claim_free, buy_on_bill])
def test_two_clicks_on_the_last_there_is_are_one_purchase(office, way):
    Location.objects.update(bill_limit_credits=10)
    free = {"discount_percent": 100, "free_claims": 1} if way is claim_free else {}
    give_plan(office.customer, bill="managers", **free)
    order = confirm(office, office.carl)

    first, second = (way(order=order, at=NOON) for _ in range(2))

    assert first == second
    assert Purchase.objects.count() == 1


def test_when_paid_the_credits_wait(on_the_bill, invariants_hold):
    Location.objects.update(bill_credits="when_paid")

    purchase = buy_on_bill(order=confirm(on_the_bill), at=NOON)

    assert (purchase.state, purchase.accrual, purchase.completed_at) == (
        "awaiting_payment",
        None,
        None,
    )
    assert not Wallet.objects.filter(balance__gt=0).exists()
    assert RevenueLine.objects.filter(source="credits").count() == 1
    assert not Notification.objects.filter(kind="credits_added").exists()
    invariants_hold()


def test_the_limit_of_one_bill_counts_all_that_is_on_it(on_the_bill):
    Location.objects.update(bill_limit_credits=25)
    buy_on_bill(order=confirm(on_the_bill), at=NOON)
    buy_on_bill(order=confirm(on_the_bill), at=NOON)

    with pytest.raises(BillLimitReached):
        buy_on_bill(order=confirm(on_the_bill), at=NOON)

    assert Purchase.objects.count() == 2


def test_what_was_taken_off_the_bill_counts_for_its_limit_no_more(on_the_bill):
    Location.objects.update(bill_limit_credits=10, bill_credits="when_paid")
    purchase = buy_on_bill(order=confirm(on_the_bill), at=NOON)
    remove_item(
        bill_id=purchase.bill_item.bill_id,
        item_id=purchase.bill_item_id,
        reason="Mistake",
        waive_spent=False,
        by=on_the_bill.carl.user,
        at=NOON,
    )

    assert buy_on_bill(order=confirm(on_the_bill), at=NOON).state == "awaiting_payment"


def test_a_bill_opened_by_hand_makes_room_for_the_bill_of_the_period(office):
    customer, tomorrow = office.customer, NOON + timedelta(days=1)
    hand = open_bill(customer=customer, key="hand:1", at=NOON)
    give_plan(customer, starts_in_days=1, bill="managers", price_minor=100)

    purchase = buy_on_bill(order=confirm(office, office.carl, at=tomorrow), at=tomorrow)

    bill = purchase.bill_item.bill
    assert (bill.period_start, bill.items.count()) == (tomorrow.date(), 2)
    assert Bill.objects.get(pk=hand.pk).state == "void"  # nothing was on it


def test_an_overdue_bill_closes_the_next_one(on_the_bill):
    bill = Bill.objects.get()
    later = NOON + timedelta(days=60)
    while bill and bill.period_end <= later.date():
        bill = close_period(bill_id=bill.pk, at=later - timedelta(days=30))
    Bill.objects.filter(state="issued").first()
    order = confirm(on_the_bill, at=later)

    with pytest.raises(BillOverdue):
        buy_on_bill(order=order, at=later)

    Location.objects.update(refuse_bills_while_overdue=False)
    assert buy_on_bill(order=order, at=later).state == "completed"


def test_a_bill_whose_period_is_over_is_closed_first(on_the_bill, invariants_hold):
    late = NOON + timedelta(days=31)

    purchase = buy_on_bill(order=confirm(on_the_bill, at=late), at=late)

    first, second = Bill.objects.order_by("pk")
    assert (first.state, second.state) == ("issued", "active")
    assert purchase.bill_item.bill == second
    assert first.period_end == second.period_start
    invariants_hold()


def test_a_member_may_not_edit_what_the_purchase_says(on_the_bill):
    purchase = buy_on_bill(order=confirm(on_the_bill), at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        Purchase.objects.filter(pk=purchase.pk).update(bill_item=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Purchase.objects.filter(pk=purchase.pk).update(method="free")


CHANGES = {
    "the permission is taken": (lambda office: office.permit(office.cora), MayNotUseBill),
    "she is taken out of the company": (
        lambda office: remove_from_company(place=office.place(office.cora), by=None, at=NOON),
        NotInCompany,
    ),
    "the company closes": (
        lambda office: close_company(company=office.company, by=None, at=NOON),
        CompanyClosed,
    ),
    "the plan ends": (
        lambda office: end_plan(customer=office.customer, when=When.NOW, by=None, at=NOON),
        NoPlan,
    ),
    "the discount changes": (
        lambda _: Plan.objects.update(discount_percent=Decimal(10)),
        QuoteChanged,
    ),
    "the bill is for managers now": (
        lambda _: PlanAssignment.objects.update(bill_for="managers"),
        PurchaseRefused,
    ),
    "bills are not allowed any more": (
        lambda _: PlanAssignment.objects.update(bill_enabled=False),
        PurchaseRefused,
    ),
    "she is suspended": (
        lambda office: suspend_member(member=office.cora, by=None, reason="", at=NOON),
        NotAnActiveMember,
    ),
    "the option is archived": (
        lambda _: CreditOption.objects.update(archived_at=NOON),
        OptionNotOnSale,
    ),
    "the price rises": (lambda _: CreditOption.objects.update(price_minor=1001), QuoteChanged),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_between_view_and_click_is_refused_and_writes_nothing(change, on_the_bill):
    happen, refusal = CHANGES[change]
    order = confirm(on_the_bill)
    happen(on_the_bill)

    with pytest.raises(refusal):
        buy_on_bill(order=order, at=NOON)

    assert not Purchase.objects.exists()
    assert not BillItem.objects.filter(source="credits").exists()
    assert not Wallet.objects.filter(balance__gt=0).exists()


def test_free_credits_leave_no_trace_of_money(office, invariants_hold):
    give_plan(office.customer, discount_percent=100, free_claims=1)

    purchase = claim_free(order=confirm(office, office.carl), at=NOON)

    assert (purchase.method, purchase.total_minor, purchase.claim_number) == ("free", 0, 1)
    assert (purchase.charge, purchase.bill_item, purchase.receipt) == (None, None, None)
    assert not RevenueLine.objects.exists()
    assert not BillItem.objects.exists()
    assert Wallet.objects.get(customer=office.customer).balance == 10
    invariants_hold()


def test_used_up_claims_bring_back_the_list_price_until_the_next_period(office):
    give_plan(office.customer, discount_percent=100, free_claims=1)
    free = confirm(office, office.carl)
    claim_free(order=free, at=NOON)

    again = confirm(office, office.carl)
    next_month = confirm(office, office.carl, at=NOON + timedelta(days=30))

    assert (free.seen.total_minor, again.seen.total_minor) == (0, 1200)
    assert next_month.seen.total_minor == 0
    with pytest.raises(QuoteChanged):  # what was free when it was seen
        claim_free(order=replace(free, key=again.key), at=NOON)


def test_an_issued_bill_takes_nothing_more(on_the_bill):
    bill = issue_bill(bill_id=Bill.objects.get().pk, at=NOON)

    with pytest.raises(PurchaseRefused, match="no open bill"):
        buy_on_bill(order=confirm(on_the_bill), at=NOON)

    assert Bill.objects.get(pk=bill.pk).total_minor == bill.total_minor
