"""A location's company and plans for the tests of buying, made by the services themselves."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from community.models import Company, CompanyMember, Customer, Location, Member
from credits.models import CreditOption
from membership.models import PlanAssignment
from membership.services.assigning import PlanWish, assign_plan
from membership.services.buyers import Order, look_at_buyer, plan_terms
from membership.services.companies import add_company, permit_company_money, put_in_company
from membership.services.periods import local_day
from membership.services.plans import PlanValues, add_plan
from membership.services.quotes import quote_option
from tests.factories import NOON, CustomerFactory, OptionFactory


def hire(location, name) -> Member:
    """A member of the location with a customer of their own."""
    return CustomerFactory(member__location=location, member__user__name=name).member


@dataclass
class Office:
    """Studio North with Carl, who manages it, and Cora, who may nothing yet."""

    location: Location
    company: Company = field(init=False)
    carl: Member = field(init=False)
    cora: Member = field(init=False)

    def __post_init__(self):
        self.carl, self.cora = hire(self.location, "Carl Berg"), hire(self.location, "Cora Lund")
        self.company = add_company(
            location=self.location, name="Studio North", manager=self.carl, by=None, at=NOON
        )
        put_in_company(company=self.company, member=self.cora, by=None, at=NOON)

    @property
    def customer(self) -> Customer:
        return Customer.objects.select_related("location", "company").get(company=self.company)

    def permit(self, member, *, card=False, bill=False):
        permit_company_money(
            place=self.place(member), may_use_card=card, may_use_bill=bill, by=None, at=NOON
        )

    def place(self, member) -> CompanyMember:
        return CompanyMember.objects.get(company=self.company, member=member)


def give_plan(customer, *, at=NOON, bill="", starts_in_days=0, **values) -> PlanAssignment:
    """Assign a new plan; `bill` is "" or for whom it is: managers, everyone."""
    location = customer.location
    facts = {
        "name": f"Plan {uuid4()}",
        "price_minor": 0,
        "discount_percent": Decimal(0),
        "monthly_credits": Decimal(0),
        "free_claims": None,
    }
    plan = add_plan(location=location, values=PlanValues(**(facts | values)), by=None, at=at)
    wish = PlanWish(
        plan_id=plan.pk,
        bill_enabled=bool(bill),
        bill_for=PlanAssignment.BillFor(bill or "managers"),
    )
    return assign_plan(
        customer=customer,
        wish=wish,
        starts_on=local_day(location, at) + timedelta(days=starts_in_days),
        ends_on=None,
        by=None,
        at=at,
    )


def order_of(member, *, company=None, option=None, at=NOON, key=None) -> Order:
    """What the member sees at the checkout now, confirmed."""
    on_sale = CreditOption.objects.filter(location=member.location).first()
    option = option or on_sale or OptionFactory(location=member.location)
    facts = look_at_buyer(
        member_id=member.pk,
        location_id=member.location_id,
        company_id=company.pk if company else None,
        at=at,
    )
    return Order(
        member=member,
        company_id=company.pk if company else None,
        seen=quote_option(option, member.location, plan_terms(facts), exemption=facts.exemption),
        key=key or uuid4(),
    )
