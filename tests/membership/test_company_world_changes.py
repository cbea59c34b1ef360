"""What may change for a company between a buyer's click and the charge of its card."""

from uuid import uuid4

import pytest

from credits.models import Wallet
from membership.models import Purchase
from membership.services.companies import close_company, remove_from_company
from membership.services.paying import open_card_setup, pay_charge
from membership.services.purchases import CardOrder, start_purchase
from membership.services.refusals import PurchaseRefused
from payments.models import Card
from tests.factories import NOON, CardFactory, ConnectionFactory
from tests.membership.office import Office, order_of
from tests.membership.states import again

CHANGES = {
    "may_not_use_card": lambda office: office.permit(office.cora),
    "not_in_company": lambda office: remove_from_company(
        place=office.place(office.cora), by=None, at=NOON
    ),
    "company_closed": lambda office: close_company(company=office.company, by=None, at=NOON),
}


@pytest.fixture
def office(location, fake_gateway):
    return Office(location)


@pytest.fixture
def till(location):
    return ConnectionFactory(location=location)


def confirm(office, member, how):
    """The buyer has seen the company's checkout and clicked."""
    order = order_of(member, company=office.company)
    return start_purchase(
        member=member,
        company_id=office.company.pk,
        option_id=order.seen.option_id,
        order=how,
        seen=order.seen,
        key=uuid4(),
        at=NOON,
    )


@pytest.mark.parametrize("code", CHANGES)
def test_a_change_right_before_the_charge_spares_the_company_s_card(
    code, office, till, fake_gateway, invariants_hold
):
    card = CardFactory(customer=office.customer, connection=till)
    office.permit(office.cora, card=True)
    purchase = confirm(office, office.cora, CardOrder(till.pk, card.pk))
    CHANGES[code](office)

    with pytest.raises(PurchaseRefused) as refused:
        pay_charge(charge=purchase.charge, at=NOON)

    purchase = Purchase.objects.get()
    assert refused.value.code == code
    assert (purchase.state, purchase.charge.failure_code) == ("failed", code)
    assert fake_gateway.charges == {}
    assert not Wallet.objects.exclude(balance=0).exists()
    invariants_hold()


def test_a_new_card_of_a_company_that_closes_during_the_charge_is_not_kept(
    office, till, fake_gateway, invariants_hold
):
    purchase = confirm(office, office.carl, CardOrder(till.pk, None, keep_card=True))
    open_card_setup(charge=purchase.charge, at=NOON)
    fake_gateway.on_charge = lambda: CHANGES["company_closed"](office)

    pay_charge(charge=again(purchase).charge, at=NOON)

    assert again(purchase).state == "completed"
    assert Card.objects.get().state == Card.State.RELEASED
    invariants_hold()
