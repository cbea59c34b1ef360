"""How many there are of what the tabs of Community lead to."""

from community.access import LocationRequest
from community.models import Company, Member


def counts(request: LocationRequest) -> dict[str, int]:
    return {
        "member_count": Member.objects.visible_to(request.principal).count(),
        "company_count": Company.objects.visible_to(request.principal).count(),
    }
