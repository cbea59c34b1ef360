"""What only some acts are about, done in a browser: reviews, what is owed, people and companies."""

import pytest
from django.urls import reverse
from django.utils.timezone import now

from community.models import Company, CompanyMember, Member
from credits.models import CreditOption
from membership.models import OwedCredits, Plan
from membership.services.companies import put_in_company
from membership.services.paying import pay_charge
from payments.gateways.protocol import ChargeState
from payments.models import ReviewCase
from tests.admin.clerk import Clerk
from tests.factories import (
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    OptionFactory,
    PlanFactory,
    company_of,
    pending_purchase,
)
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
    clerk.is_refused("The payment service reports no payment")
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

    assert Member.objects.get(pk=mia.pk).state == Member.State.ACTIVE
    assert Company.objects.get(pk=studio.pk).name == "Studio West"


def test_options_and_plans_go_off_sale_and_come_back(clerk, location):
    option = OptionFactory(location=location, credits=10, price_minor=1000)
    plan = PlanFactory(location=location, name="Flex")
    PlanFactory(location=location, name="Resident")

    open_row(clerk, "membership_plan", plan)
    clerk.do("Edit", Name="Resident")
    clerk.is_told("There is a plan of this name already.")
    clerk.fill_in("Edit", Name="Flex desk")
    clerk.is_told("Done: Edit.")
    for listing, row in (("membership_plan", plan), ("credits_creditoption", option)):
        open_row(clerk, listing, row)
        clerk.do("Archive", Reason="Nobody bought it")
        clerk.is_told("Done: Archive.")
        clerk.do("Bring back", Reason="Asked for")
        clerk.is_told("Done: Bring back.")

    assert Plan.objects.get(pk=plan.pk).name == "Flex desk"
    assert CreditOption.objects.on_sale().count() == 1


@pytest.fixture
def studio(mia):
    """A company that Mia alone manages."""
    return company_of(mia, name="Studio North")


@pytest.fixture
def ben(location):
    return CustomerFactory(member__location=location, member__user__name="Ben Wolff").member


def test_a_company_gets_people_an_end_and_a_new_beginning(clerk, studio, ben):
    open_row(clerk, "community_company", studio)
    clerk.do("Add member", Member=ben.user.email)
    clerk.is_told("Done: Add member.")
    open_row(clerk, "community_companymember", CompanyMember.objects.get(member=ben))
    clerk.do("Change role", Role="manager")
    clerk.is_told("Done: Change role.")
    open_row(clerk, "community_company", studio)
    clerk.do("Close company", Reason="Bankrupt")
    clerk.is_told("Done: Close company.")
    clerk.do("Reopen", Reason="Bought")
    clerk.is_told("Done: Reopen.")

    assert CompanyMember.objects.get(member=ben).role == CompanyMember.Role.MANAGER
    assert Company.objects.get(pk=studio.pk).is_open


def test_the_last_manager_stays_until_there_is_another(clerk, studio, mia, ben):
    place = CompanyMember.objects.get(company=studio)

    for listing, row, act, fields in (
        ("community_companymember", place, "Change role", {"Role": "member"}),
        ("community_companymember", place, "Remove from company", {"Reason": "Works elsewhere"}),
        ("community_member", mia, "End the membership", {"Reason": "Moved away"}),
    ):
        open_row(clerk, listing, row)
        clerk.do(act, **fields)
        clerk.is_told("would be left without a manager")
    put_in_company(company=studio, member=ben, role=CompanyMember.Role.MANAGER, by=None, at=now())
    open_row(clerk, "community_companymember", place)
    clerk.do("Remove from company", Reason="Works elsewhere")
    clerk.is_told("Done: Remove from company.")
    open_row(clerk, "community_member", mia)
    clerk.do("End the membership", Reason="Moved away")
    clerk.is_told("Done: End the membership.")

    assert Member.objects.get(pk=mia.pk).state == Member.State.LEFT
    assert [it.member for it in CompanyMember.objects.filter(company=studio)] == [ben]
