from membership.models.imports import MemberImport
from membership.models.joining import Invitation, JoinRequest
from membership.models.owed import OwedCredits
from membership.models.plans import Plan, PlanAssignment
from membership.models.purchases import Purchase

__all__ = [
    "Invitation",
    "JoinRequest",
    "MemberImport",
    "OwedCredits",
    "Plan",
    "PlanAssignment",
    "Purchase",
]
