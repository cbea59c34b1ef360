"""What closing a company would do, to be read before it is confirmed."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from community.models import CompanyMember, Customer
from credits.models import Wallet
from membership.models import Invitation, Purchase
from membership.services.stopping import StoppingEffect, effect_of_stopping
from payments.models import Card


@dataclass(frozen=True)
class ClosingEffect:
    """What is let go and locked, besides what stops."""

    stops: StoppingEffect
    cards: int
    balance: Decimal
    people: int
    purchases_under_way: int
    invitations: int


def effect_of_closing(*, customer: Customer, at: datetime) -> ClosingEffect:
    """Read it for a company's customer; closing itself reads again under lock."""
    company = customer.company_id
    wallet = Wallet.objects.filter(customer=customer).first()
    under_way = Purchase.objects.filter(customer=customer, state=Purchase.State.PENDING)
    return ClosingEffect(
        stops=effect_of_stopping(customer=customer, at=at),
        cards=Card.objects.filter(customer=customer, state=Card.State.KEPT).count(),
        balance=wallet.balance if wallet else Decimal(0),
        people=CompanyMember.objects.filter(company=company).count(),
        purchases_under_way=under_way.count(),
        invitations=Invitation.objects.open().filter(company=company, expires_at__gt=at).count(),
    )
