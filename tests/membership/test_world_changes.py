"""What may change between a buyer's look and the charge: refused, in words, nothing charged."""

from decimal import Decimal
from uuid import uuid4

import pytest

from community.models import Customer, Location, Member
from credits.models import CreditOption, Wallet
from membership.models import Purchase
from membership.services.paying import pay_charge
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import OptionNotOnSale, QuoteChanged, quote_option
from membership.services.refusals import MethodNotOpen, NotAnActiveMember
from payments.models import GatewayConnection
from tests.factories import DISCONNECTED, NOON, DetailsFactory, OptionFactory

CHANGES = {
    "the option is archived": (
        lambda: CreditOption.objects.update(archived_at=NOON),
        OptionNotOnSale,
        "no longer on sale. Nothing was charged",
    ),
    "the price rises": (
        lambda: CreditOption.objects.update(price_minor=1001),
        QuoteChanged,
        "The price or what you get changed",
    ),
    "the price falls": (
        lambda: CreditOption.objects.update(price_minor=999),
        QuoteChanged,
        "The price or what you get changed",
    ),
    "the option gives less": (
        lambda: CreditOption.objects.update(credits=9),
        QuoteChanged,
        "Nothing was charged",
    ),
    "the option lapses sooner": (
        lambda: CreditOption.objects.update(expiry_months=1),
        QuoteChanged,
        "Nothing was charged",
    ),
    "the tax rises": (
        lambda: Location.objects.update(tax_percent=Decimal(21)),
        QuoteChanged,
        "Nothing was charged",
    ),
    "the tax is included now": (
        lambda: Location.objects.update(tax_included=True),
        QuoteChanged,
        "Nothing was charged",
    ),
    "the buyer is exempt from tax": (
        lambda: DetailsFactory(
            customer=Customer.objects.get(cards__isnull=False), exemption="reverse_charge"
        ),
        QuoteChanged,
        "Nothing was charged",
    ),
    "the member is suspended": (
        lambda: Member.objects.update(state=Member.State.SUSPENDED),
        NotAnActiveMember,
        "membership is suspended.*Nothing was charged",
    ),
    "the member has left": (
        lambda: Member.objects.update(state=Member.State.LEFT),
        NotAnActiveMember,
        "Nothing was charged",
    ),
    "the gateway is disconnected": (
        lambda: GatewayConnection.objects.update(**DISCONNECTED),
        MethodNotOpen,
        "closed at the moment. Nothing was charged",
    ),
}
table = pytest.mark.parametrize("change", CHANGES)


@pytest.fixture
def confirm(card):
    """The buyer has seen the checkout; calling it is their click."""
    option = OptionFactory(location=card.location)
    seen = quote_option(option, card.location)

    def click():
        return start_purchase(
            member=card.customer.member,
            option_id=option.pk,
            order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
            seen=seen,
            key=uuid4(),
            at=NOON,
        )

    return click


@table
def test_a_change_before_the_click_leaves_no_purchase(change, confirm, fake_gateway):
    happen, refusal, words = CHANGES[change]
    happen()

    with pytest.raises(refusal, match=words):
        confirm()

    assert Purchase.objects.count() == 0
    assert fake_gateway.charges == {}


@table
def test_a_change_right_before_the_charge_fails_the_attempt(
    change, confirm, fake_gateway, invariants_hold
):
    happen, refusal, words = CHANGES[change]
    purchase = confirm()
    happen()

    with pytest.raises(refusal, match=words) as refused:
        pay_charge(charge=purchase.charge, at=NOON)

    purchase = Purchase.objects.get()
    assert (purchase.state, purchase.charge.failure_code) == ("failed", refused.value.code)
    assert fake_gateway.charges == {}
    assert not Wallet.objects.exclude(balance=0).exists()
    invariants_hold()


@table
def test_a_change_after_the_charge_changes_nothing(change, confirm, fake_gateway):
    happen, *_ = CHANGES[change]
    purchase = confirm()
    fake_gateway.on_charge = happen

    pay_charge(charge=purchase.charge, at=NOON)

    purchase.refresh_from_db()
    assert purchase.state == "completed"
    assert purchase.accrual.credits == 10
    assert purchase.receipt.total_minor == 1200
    assert fake_gateway.charges[str(purchase.key)].amount_minor == 1200
