"""What an admin does to a bill by hand."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import Bill, BillItem
from billing.services import BillNotActive, issue_bill
from community.models import AuditRecord
from credits.services.spending import spend_credits
from membership.services.bill_keeping import (
    FeeStays,
    HasABill,
    HasAPlan,
    IssuedAlready,
    NothingToIssue,
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
    remove_item,
)
from membership.services.taking_back import CreditsAreSpent
from tests.factories import NOON, OptionFactory
from tests.membership.tab import (
    LATER,
    balance_of,
    bill_of,
    buy_by_bill,
    credits_come,
    plan_with_bill,
    revenue,
)
from tests.racing import errors, race


@pytest.fixture
def bill(location, mia, admin):
    return open_bill_by_hand(customer=mia.customer, key="1", by=admin, at=NOON)


def add(bill, admin, *, price_minor=1000, description="Locker 12", key="1"):
    return add_manual_item(
        bill_id=bill.pk,
        description=description,
        price_minor=price_minor,
        key=key,
        by=admin,
        at=NOON,
    )


def remove(item, admin, *, waive=False):
    remove_item(
        bill_id=item.bill_id, item_id=item.pk, reason="Wrong", waive_spent=waive, by=admin, at=LATER
    )


def sums(bill):
    bill.refresh_from_db()
    return bill.net_minor, bill.tax_minor, bill.total_minor


def test_a_bill_is_opened_once_per_key(bill, mia, admin):
    again = open_bill_by_hand(customer=mia.customer, key="1", by=admin, at=LATER)

    assert again == bill
    assert (bill.state, bill.number, bill.period_start) == ("active", "", None)
    assert AuditRecord.objects.filter(action="bill opened").count() == 1


def test_a_second_open_bill_is_refused(bill, mia, admin):
    with pytest.raises(HasABill):
        open_bill_by_hand(customer=mia.customer, key="2", by=admin, at=LATER)


def test_a_plan_opens_its_bills_itself(location, mia, admin):
    plan_with_bill(mia.customer)

    with pytest.raises(HasAPlan):
        open_bill_by_hand(customer=mia.customer, key="1", by=admin, at=LATER)


def test_an_item_is_taxed_and_counts_as_other_revenue(bill, admin, location, invariants_hold):
    item = add(bill, admin)

    assert (item.net_minor, item.tax_minor, item.total_minor) == (1000, 200, 1200)
    assert (item.tax_name, item.tax_percent) == ("VAT", 20)
    assert sums(bill) == (1000, 200, 1200)
    assert revenue(location) == [("other", 1000)]
    assert AuditRecord.objects.filter(action="bill item added", user=admin).exists()
    invariants_hold()


def test_an_item_is_added_once_per_key(bill, admin, location):
    assert add(bill, admin) == add(bill, admin)

    assert sums(bill) == (1000, 200, 1200)
    assert len(revenue(location)) == 1


def test_nothing_gets_on_an_issued_bill(bill, admin, location):
    item = add(bill, admin)
    issue_bill(bill_id=bill.pk, at=LATER)

    with pytest.raises(BillNotActive):
        add(bill, admin, key="2")
    with pytest.raises(BillNotActive):
        remove(item, admin)

    assert sums(bill) == (1000, 200, 1200)
    assert revenue(location) == [("other", 1000)]


def test_what_is_removed_comes_off_the_bill_and_the_revenue_once(
    bill, admin, location, invariants_hold
):
    add(bill, admin)
    wrong = add(bill, admin, key="2", price_minor=500)

    remove(wrong, admin)
    remove(wrong, admin)

    assert sums(bill) == (1000, 200, 1200)
    assert revenue(location) == [("other", 1000), ("other", 500), ("other", -500)]
    assert [item.description for item in bill.items.standing()] == ["Locker 12"]
    assert AuditRecord.objects.filter(action="bill item removed").count() == 1
    invariants_hold()


def test_a_fee_stays(location, mia, admin):
    bill = plan_with_bill(mia.customer)

    with pytest.raises(FeeStays):
        remove(bill.items.get(), admin)


def test_credits_that_are_removed_go_back(location, mia, admin, invariants_hold):
    bill = plan_with_bill(mia.customer)
    purchase = buy_by_bill(mia)

    remove(purchase.bill_item, admin)

    assert balance_of(mia.customer) == 0
    assert sums(bill)[2] == 7200
    invariants_hold()


def test_spent_credits_stay_on_the_bill_unless_waived(location, mia, admin, invariants_hold):
    bill = plan_with_bill(mia.customer)
    purchase = buy_by_bill(mia)
    spend_credits(customer=mia.customer, credits=Decimal(3), key="desk", at=NOON)

    with pytest.raises(CreditsAreSpent) as refused:
        remove(purchase.bill_item, admin)
    assert "3 of these credits" in refused.value.messages[0]
    assert (balance_of(mia.customer), sums(bill)[2]) == (7, 8400)
    remove(purchase.bill_item, admin, waive=True)

    assert (balance_of(mia.customer), sums(bill)[2]) == (0, 7200)
    invariants_hold()


def test_credits_that_wait_for_payment_are_cancelled_with_their_item(
    location, mia, admin, invariants_hold
):
    credits_come(location, "when_paid")
    plan_with_bill(mia.customer)
    purchase = buy_by_bill(mia)

    remove(purchase.bill_item, admin)

    purchase.refresh_from_db()
    assert purchase.state == "cancelled"
    invariants_hold()


def test_an_empty_bill_is_not_issued(bill, admin):
    with pytest.raises(NothingToIssue):
        issue_bill_by_hand(bill_id=bill.pk, by=admin, at=LATER)
    remove(add(bill, admin), admin)
    with pytest.raises(NothingToIssue):
        issue_bill_by_hand(bill_id=bill.pk, by=admin, at=LATER)

    bill.refresh_from_db()
    assert (bill.state, bill.number) == ("active", "")


def test_an_issued_bill_has_its_number_and_the_day_it_is_due(bill, admin, location):
    add(bill, admin)

    issued = issue_bill_by_hand(bill_id=bill.pk, by=admin, at=LATER)

    assert (issued.state, issued.number) == ("issued", "B-2026-0001")
    assert issued.due_on == LATER.date() + timedelta(days=location.payment_terms_days)
    assert issued.buyer["name"] == "Mia Holm"
    with pytest.raises(IssuedAlready):
        issue_bill_by_hand(bill_id=bill.pk, by=admin, at=LATER)


def test_the_rest_of_a_period_goes_on_a_new_bill(location, mia, admin, invariants_hold):
    first = plan_with_bill(mia.customer)

    issue_bill_by_hand(bill_id=first.pk, by=admin, at=LATER)
    purchase = buy_by_bill(mia, at=LATER)

    rest = bill_of(mia.customer)
    assert purchase.bill_item.bill == rest
    assert (rest.period_start, rest.period_end) == (first.period_start, first.period_end)
    assert BillItem.objects.filter(source="plans").count() == 1
    invariants_hold()


def test_a_period_that_is_over_closes_as_it_would_by_itself(location, mia, admin):
    first = plan_with_bill(mia.customer)

    issue_bill_by_hand(bill_id=first.pk, by=admin, at=NOON + timedelta(days=40))

    first.refresh_from_db()
    assert first.state == "issued"
    assert bill_of(mia.customer).period_start == first.period_end


@pytest.mark.django_db(transaction=True)
def test_issuing_adding_and_buying_at_once_lose_nothing(location, mia, admin, invariants_hold):
    bill = plan_with_bill(mia.customer)
    option = OptionFactory(location=location)
    keys = [uuid4() for _ in range(3)]

    answers = race(
        location,
        [
            lambda: issue_bill_by_hand(bill_id=bill.pk, by=admin, at=LATER),
            lambda: add(bill, admin, key="a"),
            lambda: add(bill, admin, key="b"),
            *(lambda key=key: buy_by_bill(mia, option=option, key=key, at=LATER) for key in keys),
        ],
    )

    assert all(isinstance(it, BillNotActive) for it in errors(answers))
    assert not isinstance(answers[0], Exception)
    assert [it for it in answers[3:] if isinstance(it, Exception)] == []
    assert Bill.objects.filter(state="issued").count() == 1
    added = 2 - len(errors(answers))
    assert BillItem.objects.count() == 1 + 3 + added
    assert balance_of(mia.customer) == 30
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_an_item_that_two_remove_comes_off_once(location, mia, admin, invariants_hold):
    bill = plan_with_bill(mia.customer)
    item = add(bill, admin)

    answers = race(location, [lambda: remove(item, admin)] * 4)

    assert errors(answers) == []
    assert sums(bill)[2] == 7200
    invariants_hold()
