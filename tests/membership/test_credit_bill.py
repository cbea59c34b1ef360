"""Credit notes: never more than is left, unspent credits go back, revenue is taken off."""

from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Bill, BillItem, CreditNote
from billing.services import issue_bill
from billing.services.credit_notes import (
    BillNotToCredit,
    MoreThanIsLeft,
    NothingToCredit,
    _line,
)
from credits.services.spending import spend_credits
from membership.models import OwedCredits
from membership.services.bill_credits import credit_bill
from membership.services.bill_payment import mark_bill_paid
from membership.services.taking_back import CreditsAreSpent, CreditWhole
from notifications.models import Notification
from tests.factories import NOON
from tests.membership.office import Office
from tests.membership.shop import words
from tests.membership.tab import (
    LATER,
    balance_of,
    buy_by_bill,
    credits_come,
    plan_with_bill,
    received,
    revenue,
)
from tests.racing import errors, race


@pytest.fixture
def bill(location, mia):
    """An issued bill: a fee of 7200 and 10 credits for 1200, unspent."""
    bill = plan_with_bill(mia.customer)
    buy_by_bill(mia)
    return issue_bill(bill_id=bill.pk, at=NOON)


@pytest.fixture
def fee(bill):
    return bill.items.get(source="plans")


@pytest.fixture
def bought(bill):
    return bill.items.get(source="credits")


def credit(bill, wanted, admin, *, key="1", waive=False):
    return credit_bill(
        bill_id=bill.pk,
        wanted=wanted,
        reason="Agreed",
        waive_spent=waive,
        key=key,
        by=admin,
        at=LATER,
    )


def test_everything_of_an_unpaid_bill_makes_it_void(
    bill, fee, bought, admin, mia, location, invariants_hold
):
    note = credit(bill, {fee.pk: 7200, bought.pk: 1200}, admin)

    bill.refresh_from_db()
    assert (bill.state, bill.to_pay_minor, bill.total_minor) == ("void", 0, 8400)
    assert (note.number, note.net_minor, note.tax_minor) == ("C-2026-0001", 7000, 1400)
    assert balance_of(mia.customer) == 0
    assert revenue(location)[-2:] == [("plans", -6000), ("credits", -1000)]
    assert Notification.objects.filter(user=mia.user, kind="credits_deducted").count() == 1
    invariants_hold()


def test_a_paid_bill_is_credited_and_stays_paid(bill, fee, admin, invariants_hold):
    mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=LATER)

    credit(bill, {fee.pk: 7200}, admin)

    bill.refresh_from_db()
    assert (bill.state, bill.credited_minor) == ("paid", 7200)
    invariants_hold()


def test_an_open_bill_is_not_credited(location, mia, admin):
    bill = plan_with_bill(mia.customer)

    with pytest.raises(BillNotToCredit):
        credit(bill, {bill.items.get().pk: 100}, admin)


def test_an_item_is_credited_up_to_its_total(bill, fee, admin, invariants_hold):
    credit(bill, {fee.pk: 7000}, admin)

    with pytest.raises(MoreThanIsLeft, match=r"€2\.00"):
        credit(bill, {fee.pk: 201}, admin, key="2")
    with pytest.raises(MoreThanIsLeft):
        credit(bill, {fee.pk: -1}, admin, key="2")
    with pytest.raises(NothingToCredit):
        credit(bill, {fee.pk: 0}, admin, key="2")
    credit(bill, {fee.pk: 200}, admin, key="2")

    assert list(CreditNote.objects.order_by("pk").values_list("tax_minor", flat=True)) == [1167, 33]
    invariants_hold()


def test_a_note_is_issued_once_per_key(bill, fee, admin):
    assert credit(bill, {fee.pk: 100}, admin) == credit(bill, {fee.pk: 100}, admin)

    bill.refresh_from_db()
    assert bill.credited_minor == 100


def test_credits_go_back_in_proportion_rounded_down(bill, bought, admin, mia, invariants_hold):
    credit(bill, {bought.pk: 400}, admin)
    assert balance_of(mia.customer) == Decimal("6.67")
    credit(bill, {bought.pk: 400}, admin, key="2")
    assert balance_of(mia.customer) == Decimal("3.34")
    credit(bill, {bought.pk: 400}, admin, key="3")

    assert balance_of(mia.customer) == 0
    invariants_hold()


def test_spent_credits_stay_unless_waived(bill, bought, admin, mia, invariants_hold):
    spend_credits(customer=mia.customer, credits=Decimal(8), key="desk", at=NOON)

    with pytest.raises(CreditsAreSpent):
        credit(bill, {bought.pk: 1200}, admin)
    assert balance_of(mia.customer) == 2
    credit(bill, {bought.pk: 240}, admin)
    assert balance_of(mia.customer) == 0
    credit(bill, {bought.pk: 480}, admin, key="2", waive=True)
    credit(bill, {bought.pk: 480}, admin, key="3", waive=True)

    waived = OwedCredits.objects.filter(purchase__bill_item=bought)
    assert [(it.credits, it.state, it.note) for it in waived] == [(4, "waived", "Agreed")] * 2
    assert {it.closed_by for it in waived} == {admin}
    assert balance_of(mia.customer) == 0
    assert Notification.objects.filter(user=mia.user, kind="owed_closed").count() == 2
    invariants_hold()


def test_what_was_waived_is_listed_with_what_is_owed(bill, bought, admin, mia, signed_in):
    spend_credits(customer=mia.customer, credits=Decimal(8), key="desk", at=NOON)
    credit(bill, {bought.pk: 1200}, admin, waive=True)

    page = words(signed_in(admin).get(reverse("community:owed", args=[bill.location.slug])))

    assert "Taken off the bill" in page


def test_who_is_told_of_credits_taken_back_reads_whose_they_were(location, admin):
    office = Office(location)
    plan_with_bill(office.customer)
    bought = buy_by_bill(office.carl, company=office.company).bill_item
    bill = issue_bill(bill_id=bought.bill_id, at=NOON)

    credit(bill, {bought.pk: 1200}, admin)

    told = Notification.objects.get(kind="credits_deducted", user=office.carl.user).facts
    assert (told["company"], told["company_id"]) == ("Studio North", office.company.pk)


def test_credits_that_wait_are_cancelled_as_a_whole(location, mia, admin, invariants_hold):
    credits_come(location, "when_paid")
    bill = plan_with_bill(mia.customer)
    purchase = buy_by_bill(mia)
    issue_bill(bill_id=bill.pk, at=NOON)
    item = purchase.bill_item

    with pytest.raises(CreditWhole):
        credit(bill, {item.pk: 600}, admin)
    credit(bill, {item.pk: 1200}, admin)
    mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=LATER)

    purchase.refresh_from_db()
    assert (purchase.state, balance_of(mia.customer)) == ("cancelled", 0)
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_racing_credit_notes_never_credit_more_than_there_is(
    bill, fee, bought, admin, mia, location, invariants_hold
):
    answers = race(
        location,
        [
            lambda key=key: credit(bill, {fee.pk: 3000, bought.pk: 500}, admin, key=key)
            for key in "abcd"
        ],
    )

    assert [type(it) for it in errors(answers)] == [MoreThanIsLeft] * 2
    numbers = CreditNote.objects.order_by("sequence").values_list("number", flat=True)
    assert list(numbers) == ["C-2026-0001", "C-2026-0002"]
    assert Bill.objects.get(pk=bill.pk).credited_minor == 7000
    assert balance_of(mia.customer) == Decimal("1.67")
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_paying_and_crediting_at_once_agree(bill, fee, bought, admin, location, invariants_hold):
    everything = {fee.pk: 7200, bought.pk: 1200}

    race(
        location,
        [
            lambda: credit(bill, everything, admin),
            lambda: mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=LATER),
        ],
    )

    assert Bill.objects.get(pk=bill.pk).state in {"paid", "void"}
    invariants_hold()


@given(
    net=st.integers(0, 10**9),
    percent=st.integers(0, 99),
    cuts=st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
)
def test_parts_of_an_item_add_up_to_its_net_and_tax(net, percent, cuts):
    tax = net * percent // 100
    item = BillItem(net_minor=net, tax_minor=tax, total_minor=net + tax)
    done, lines = 0, []
    for cut in [*cuts, net + tax]:
        part = min(cut, net + tax - done)
        if part:
            lines.append(_line(item, part, before=done))
            done += part

    assert sum(line.amount.net_minor for line in lines) == net
    assert sum(line.amount.tax_minor for line in lines) == tax
    assert all(line.amount.net_minor >= 0 and line.amount.tax_minor >= 0 for line in lines)
