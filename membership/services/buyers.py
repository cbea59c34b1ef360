"""Who may buy for whom, and how. Each rule is one function over the facts of one read."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from community.database import loaded
from community.models import ApiKey, Company, Location, Member
from membership.models import PlanAssignment
from membership.services.periods import Period, period_on
from membership.services.quotes import WHOLE, PlanTerms, Quote
from membership.services.refusals import (
    BillForManagers,
    BillLimitReached,
    BillNotEnabled,
    BillOverdue,
    CompanyClosed,
    MayNotClaim,
    MayNotUseBill,
    MayNotUseCard,
    NoActiveBill,
    NoPlan,
    NotAnActiveMember,
    NotInCompany,
    PurchaseRefused,
    TransferForManagers,
)
from membership.statements import (
    BuyerFacts,
    Hold,
    count_claims,
    select_buyer,
    sum_credits_on_bill,
)


@dataclass(frozen=True)
class Order:
    """What a member has confirmed to get, for themself or, with a company, for that."""

    member: Member
    company_id: int | None
    seen: Quote
    key: UUID
    api_key: ApiKey | None = None


def look_at_buyer(
    *, member_id: int, location_id: int, company_id: int | None, at: datetime
) -> BuyerFacts:
    """Read without a lock what a page shows.

    :raises NotInCompany: if the member does not belong to the company
    """
    return _read(member_id, location_id, company_id, Hold.NOTHING, at)


def lock_buyer(
    *,
    member_id: int,
    location_id: int,
    company_id: int | None,
    hold: Hold,
    at: datetime,
    option_id: int | None = None,
) -> BuyerFacts:
    """Read again at the moment of buying, and hold what the decision rests on until commit.

    :param option_id: what is bought at once; it is read as it was when the click arrived
    :raises NotInCompany, NotAnActiveMember, CompanyClosed: if nothing may be bought at all
    :raises NoPlan, NoActiveBill: if there is no plan or bill to hold
    """
    facts = None
    for _again in range(2):  # whoever waited for a row that went sees its successor the second time
        facts = facts or select_buyer(
            member_id=member_id,
            location_id=location_id,
            company_id=company_id,
            hold=hold,
            at=at,
            option_id=option_id,
        )
    if facts is None:
        facts = _read(member_id, location_id, company_id, Hold.NOTHING, at)
        raise buyer_refusal(facts) or (NoActiveBill() if facts.assignment_id else NoPlan())
    if refusal := buyer_refusal(facts):
        raise refusal
    return facts


def _read(
    member_id: int, location_id: int, company_id: int | None, hold: Hold, at: datetime
) -> BuyerFacts:
    facts = select_buyer(
        member_id=member_id, location_id=location_id, company_id=company_id, hold=hold, at=at
    )
    if facts is None:
        raise NotInCompany
    return facts


def buyer_refusal(facts: BuyerFacts) -> PurchaseRefused | None:
    """What stands against buying at all, by any method."""
    if facts.member_state != Member.State.ACTIVE:
        return NotAnActiveMember()
    if facts.company_id and facts.company_state != Company.State.OPEN:
        return CompanyClosed()
    return None


def card_refusal(facts: BuyerFacts) -> PurchaseRefused | None:
    """A member pays with the company's card only with the permission; managers always may."""
    return None if facts.is_manager or facts.may_use_card else MayNotUseCard()


def transfer_refusal(facts: BuyerFacts) -> PurchaseRefused | None:
    """Transfers in a company's name are for its managers."""
    return None if facts.is_manager else TransferForManagers()


def claim_refusal(facts: BuyerFacts) -> PurchaseRefused | None:
    """Free company credits: managers, and members with either permission."""
    may = facts.is_manager or facts.may_use_card or facts.may_use_bill
    return None if may else MayNotClaim()


def bill_refusal(facts: BuyerFacts, credits: Decimal) -> PurchaseRefused | None:
    """The plan must open the bill to this buyer, and the credit policy must let it on."""
    return _bill_closed(facts) or _policy_refusal(facts, credits)


def _bill_closed(facts: BuyerFacts) -> PurchaseRefused | None:
    if facts.assignment_id is None:
        return NoPlan()
    if not facts.bill_enabled:
        return BillNotEnabled()
    if not facts.is_manager and facts.bill_for == PlanAssignment.BillFor.MANAGERS:
        return BillForManagers()
    if not (facts.is_manager or facts.may_use_bill):
        return MayNotUseBill()
    return None


def _policy_refusal(facts: BuyerFacts, credits: Decimal) -> PurchaseRefused | None:
    if facts.bill_id is None:
        return NoActiveBill()
    if facts.refuse_bills_while_overdue and facts.overdue_since:
        return BillOverdue()
    limit = facts.bill_limit_credits
    if limit is not None and sum_credits_on_bill(facts.bill_id) + credits > limit:
        return BillLimitReached()
    return None


def plan_terms(facts: BuyerFacts) -> PlanTerms | None:
    """What the plan does to prices; free claims are counted only where they are limited."""
    if facts.assignment_id is None:
        return None
    period = current_period(facts)
    left: int | None = None
    if facts.discount_percent == WHOLE and facts.free_claims is not None:
        used = count_claims(customer_id=facts.customer_id, period_start=period.start)
        left = max(0, facts.free_claims - used)
    return PlanTerms(
        assignment_id=facts.assignment_id,
        plan_name=facts.plan_name or "",
        discount_percent=facts.discount_percent or Decimal(0),
        period_start=period.start,
        period_end=period.end,
        claims_left=left,
    )


def current_period(facts: BuyerFacts) -> Period:
    assert facts.starts_on
    return period_on(facts.today, starts_on=facts.starts_on)


def next_free_on(terms: PlanTerms | None) -> date | None:
    """When free claims begin anew, if they are used up."""
    return terms.period_end if terms and terms.claims_are_used_up else None


def location_of(facts: BuyerFacts) -> Location:
    """The location as far as prices, entries and revenue ask about it."""
    values = {
        "id": facts.location_id,
        "name": facts.location_name,
        "currency": facts.currency,
        "time_zone": facts.time_zone,
        "locale": facts.locale,
        "tax_name": facts.tax_name,
        "tax_percent": facts.tax_percent,
        "tax_included": facts.tax_included,
    }
    return loaded(Location, values)
