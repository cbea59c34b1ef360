"""What closing a company would do, to be read before it is confirmed."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.models import Bill
from community.models import CompanyMember, Customer
from credits.models import Wallet
from membership.models import Invitation, PlanAssignment, Purchase
from membership.services.periods import local_day
from payments.models import Card


@dataclass(frozen=True)
class ClosingEffect:
    """What is issued, ended, let go and locked; `bill` only if something is on it."""

    bill: Bill | None
    plan: PlanAssignment | None
    coming_plans: list[PlanAssignment]
    cards: int
    balance: Decimal
    people: int
    purchases_under_way: int
    invitations: int


def effect_of_closing(*, customer: Customer, at: datetime) -> ClosingEffect:
    """Read it for a company's customer; closing itself reads again under lock."""
    company, today = customer.company_id, local_day(customer.location, at)
    wallet = Wallet.objects.filter(customer=customer).first()
    plans = PlanAssignment.objects.filter(customer=customer).select_related("plan")
    under_way = Purchase.objects.filter(customer=customer, state=Purchase.State.PENDING)
    return ClosingEffect(
        bill=Bill.objects.active().filter(customer=customer, items__isnull=False).first(),
        plan=plans.on(today).first(),
        coming_plans=[it for it in plans.from_day(today) if it.starts_on > today],
        cards=Card.objects.filter(customer=customer, state=Card.State.KEPT).count(),
        balance=wallet.balance if wallet else Decimal(0),
        people=CompanyMember.objects.filter(company=company).count(),
        purchases_under_way=under_way.count(),
        invitations=Invitation.objects.open().filter(company=company, expires_at__gt=at).count(),
    )
