"""What only some acts are about, done in a browser: reviews, what is owed, people and companies."""

import pytest
from django.urls import reverse
from django.utils.timezone import now

from community.models import Company, Member
from membership.models import OwedCredits
from membership.services.paying import pay_charge
from payments.gateways.protocol import ChargeState
from payments.models import ReviewCase
from tests.admin.clerk import Clerk
from tests.factories import CardFactory, ConnectionFactory, company_of, pending_purchase
from tests.membership.states import again, state_of
from tests.membership.takings import owed_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clerk(as_user, admin):
    return Clerk(as_user(admin))


def open_row(clerk, listing, row):
    clerk.page.goto(reverse(f"admin:{listing}_change", args=[row.pk]))


def mismatch_of(purchase):
    """A charge whose money came in another currency, as an event said."""
    charge = again(purchase).charge
    asked = {"amount_minor": charge.amount_minor, "currency": charge.currency}
    return ReviewCase.objects.create(
        location=charge.location,
        charge=charge,
        reason="mismatch",
        expected=asked | {"reference": charge.reference},
        reported=asked | {"currency": "USD", "reference": charge.reference},
        noticed_at=now(),
    )


@pytest.fixture
def mismatches(fake_gateway, location):
    """One whose money is there by now, and one whose money isn't."""
    card = CardFactory(
        customer__member__location=location,
        connection=ConnectionFactory(location=location),
        reference="card_action_1",
    )
    purchases = [pending_purchase(card=card, at=now()) for _ in range(2)]
    for purchase in purchases:
        pay_charge(charge=purchase.charge, at=now())
    fake_gateway.finish_action(again(purchases[0]).charge.reference, ChargeState.SUCCEEDED)
    return [(purchase, mismatch_of(purchase)) for purchase in purchases]


def test_mismatches_are_settled_or_failed_as_the_gateway_has_it(clerk, mismatches, invariants_hold):
    (paid, its_case), (unpaid, other_case) = mismatches

    open_row(clerk, "payments_reviewcase", its_case)
    clerk.do("Settle", Reason="The bank changed it back")
    clerk.is_told("Done: Settle.")
    open_row(clerk, "payments_reviewcase", other_case)
    clerk.do("Settle", Reason="Surely it came")
    clerk.is_refused("gateway")
    clerk.page.get_by_role("link", name="Cancel").click()
    clerk.do("Fail", Reason="It never came")
    clerk.is_told("Done: Fail.")

    assert state_of(paid)[0] == "completed"
    assert state_of(unpaid)[0] == "failed"
    invariants_hold()


def test_what_is_owed_is_settled(clerk, mia, buy):
    owed = owed_of(buy(mia, at=now()).charge, reference="re_1")

    open_row(clerk, "membership_owedcredits", owed)
    clerk.do("Settle", Reason="Paid at the counter")
    clerk.is_told("Done: Settle.")

    assert OwedCredits.objects.get(pk=owed.pk).state == "settled"


def test_people_and_companies_are_put_right_as_far_as_may_be(clerk, mia):
    studio, other = company_of(mia, name="Studio North"), company_of(mia, name="Studio South")

    open_row(clerk, "community_member", mia)
    clerk.do("Suspend", Reason="Lent their key")
    clerk.is_told("Done: Suspend.")
    clerk.do("Reactivate", Reason="Sorted out")
    clerk.is_told("Done: Reactivate.")
    open_row(clerk, "community_company", studio)
    clerk.do("Rename", Name=other.name)
    clerk.is_told("There is a company of this name already.")
    clerk.fill_in("Rename", Name="Studio West")
    clerk.is_told("Done: Rename.")
    clerk.do("Close company", Reason="Bankrupt")
    clerk.is_told("Done: Close company.")

    assert Member.objects.get(pk=mia.pk).state == Member.State.ACTIVE
    assert list(Company.objects.order_by("pk").values_list("name", "state")) == [
        ("Studio West", "closed"),
        ("Studio South", "open"),
    ]
