"""An exempt customer: net prices on every way of buying, and documents that say why."""

import pytest
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Bill, BillingDetails, CreditNote, Receipt
from billing.services import DETAILS, EXEMPTION, change_customer_details, details_of, issue_bill
from community.models import Customer
from community.services.settings import facts_of, version_of
from membership.models import Purchase
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import add_manual_item, remove_item
from membership.services.closing import catch_up
from membership.services.instant import buy_on_bill
from membership.services.paying import pay_charge
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import QuoteChanged
from tests.factories import NOON, CardFactory, CustomerFactory, DetailsFactory, OptionFactory
from tests.membership.office import order_of
from tests.membership.tab import bill_of, plan_with_bill, revenue
from tests.racing import errors, race

REVERSE = BillingDetails.Exemption.REVERSE_CHARGE


def exempt(customer, **facts):
    return DetailsFactory(customer=customer, **({"exemption": REVERSE} | facts))


def amounts(row):
    return row.net_minor, row.tax_minor, row.total_minor


def said(line):
    return line.tax_name, line.tax_percent, line.exemption


@pytest.fixture(params=["added", "included"])
def prices(request, location):
    """Prices of 12.00 and 60.00, and what an exempt customer pays for them."""
    if request.param == "added":
        return (1200, 6000)
    location.tax_included = True
    location.save()
    return (1000, 5000)


@pytest.fixture
def option(location):
    return OptionFactory(location=location, price_minor=1200)


def test_all_on_a_bill_is_net(location, mia, admin, option, prices, invariants_hold):
    credits, fee = prices
    exempt(mia.customer)
    bill = plan_with_bill(mia.customer, price_minor=6000)

    purchase = buy_on_bill(order=order_of(mia, option=option), at=NOON)
    add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=1200, key="1", by=admin, at=NOON
    )

    items = bill.items.order_by("pk")
    assert [amounts(item) for item in items] == [
        (fee, 0, fee),
        (credits, 0, credits),
        (credits, 0, credits),
    ]
    assert {said(item) for item in items} == {("VAT", 0, "reverse_charge")}
    purchase = Purchase.objects.get(pk=purchase.pk)
    assert (amounts(purchase), purchase.exemption) == ((credits, 0, credits), "reverse_charge")
    assert purchase.list_price_minor == credits
    assert revenue(location) == [("plans", fee), ("credits", credits), ("other", credits)]
    invariants_hold()


def test_a_card_is_charged_the_net_price(location, mia, option, prices, fake_gateway):
    credits, _fee = prices
    exempt(mia.customer)
    card = CardFactory(customer=mia.customer)
    order = order_of(mia, option=option)

    purchase = start_purchase(
        member=mia,
        option_id=option.pk,
        order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
        seen=order.seen,
        key=order.key,
        at=NOON,
    )
    pay_charge(charge=purchase.charge, at=NOON)

    assert fake_gateway.charges[str(purchase.key)].amount_minor == credits
    receipt = Receipt.objects.get()
    assert amounts(receipt) == (credits, 0, credits)
    assert said(receipt.lines.get()) == ("VAT", 0, "reverse_charge")


def test_the_next_fee_is_net(location, mia, prices):
    _credits, fee = prices
    plan_with_bill(mia.customer, price_minor=6000)
    exempt(mia.customer)

    customer = Customer.objects.select_related("location").get(pk=mia.customer.pk)
    catch_up(customer=customer, at=NOON.replace(month=12, day=23))

    assert amounts(bill_of(mia.customer)) == (fee, 0, fee)


def test_what_is_on_the_open_bill_stays_as_it_was(location, mia, admin):
    bill = plan_with_bill(mia.customer)
    exempt(mia.customer)

    issued = issue_bill(bill_id=bill.pk, at=NOON)

    assert amounts(issued) == (6000, 1200, 7200)
    assert said(issued.items.get()) == ("VAT", 20, "")


def test_an_exempt_item_is_removed_with_its_own_amounts(location, mia, admin, invariants_hold):
    exempt(mia.customer)
    bill = plan_with_bill(mia.customer, price_minor=0)
    item = add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=500, key="1", by=admin, at=NOON
    )

    remove_item(
        bill_id=bill.pk, item_id=item.pk, reason="Gone", waive_spent=False, by=admin, at=NOON
    )

    assert amounts(Bill.objects.get(pk=bill.pk)) == (0, 0, 0)
    assert said(bill.items.get(removes=item)) == ("VAT", 0, "reverse_charge")
    invariants_hold()


def test_a_credit_note_says_what_its_bill_said(location, mia, admin):
    details = exempt(mia.customer)
    bill = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)
    details.exemption = ""
    details.save()

    credit_bill(
        bill_id=bill.pk,
        wanted={bill.items.get().pk: 1000},
        reason="Agreed",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )

    note = CreditNote.objects.get()
    assert amounts(note) == (1000, 0, 1000)
    assert said(note.lines.get()) == ("VAT", 0, "reverse_charge")


def test_documents_carry_the_details_of_their_moment(location, mia, admin):
    details = exempt(mia.customer)
    bill = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)

    details.name, details.address, details.reference = "Moved Ltd", "Elsewhere", ""
    details.save()

    assert Bill.objects.get(pk=bill.pk).buyer == {
        "name": "Studio Ñandú e.K.",
        "email": "mia@h.test",
        "address": "Kanalstraße 3\n20097 Hamburg",
        "vat_number": "DE136695976",
        "reference": "PO-4711",
    }


def test_a_receipt_names_the_buyer_by_their_details(card, purchase):
    DetailsFactory(customer=card.customer, name="")

    pay_charge(charge=purchase.charge, at=NOON)

    assert Receipt.objects.get().buyer == {
        "name": card.customer.member.user.name,
        "email": card.customer.member.user.email,
        "address": "Kanalstraße 3\n20097 Hamburg",
        "vat_number": "DE136695976",
        "reference": "PO-4711",
    }


def test_another_customer_pays_tax(location, mia, option):
    exempt(CustomerFactory(member__location=location))

    assert order_of(mia, option=option).seen.amount.tax_minor == 240


@pytest.mark.django_db(transaction=True)
def test_whoever_buys_while_the_exemption_comes_pays_what_they_saw(
    location, mia, admin, option, invariants_hold
):
    plan_with_bill(mia.customer, price_minor=0)
    DetailsFactory(customer=mia.customer)
    names = (*DETAILS, *EXEMPTION)
    details = details_of(Customer.objects.get(pk=mia.customer.pk))
    values = facts_of(details, names) | {"exemption": REVERSE}

    def set_exempt():
        change_customer_details(
            customer=mia.customer,
            names=names,
            values=values,
            seen=version_of(facts_of(details, names)),
            by=admin,
            at=NOON,
        )

    orders = [order_of(mia, option=option) for _ in range(6)]
    answers = race(
        location, [*(lambda o=order: buy_on_bill(order=o, at=NOON) for order in orders), set_exempt]
    )

    assert {type(it) for it in errors(answers)} <= {QuoteChanged}
    assert {amounts(it) for it in Purchase.objects.all()} <= {(1200, 240, 1440)}
    assert order_of(mia, option=option).seen.total_minor == 1200
    invariants_hold()


def test_every_page_of_a_sale_says_why_there_is_no_tax(location, mia, admin, option, signed_in):
    exempt(mia.customer)
    plan_with_bill(mia.customer, price_minor=0, at=now())
    purchase = buy_on_bill(order=order_of(mia, option=option), at=now())
    bill = bill_of(mia.customer)
    pages = [
        (mia.user, "membership:credits", []),
        (mia.user, "membership:checkout", [option.pk]),
        (mia.user, "membership:bill", [bill.pk]),
        (admin, "community:bill", [bill.pk]),
        (admin, "community:purchase", [purchase.key]),
    ]

    for user, name, ids in pages:
        page = signed_in(user).get(reverse(name, args=[location.slug, *ids]))
        assert "Reverse charge: VAT is to be accounted for" in page.content.decode(), name
        assert "VAT 20 %" not in page.content.decode()
