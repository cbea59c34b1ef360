from django.db import transaction

from community.models import CompanyMember, Customer, Member, User


@transaction.atomic
def choose_theme(*, user: User, theme: User.Theme) -> None:
    user.theme = theme
    user.save(update_fields=["theme"])


@transaction.atomic
def change_profile(*, user: User, name: str, language: str, time_format: str) -> None:
    """Change how a person is called and reads; past documents keep the name they had."""
    user.name, user.language, user.time_format = name, language, time_format
    user.save(update_fields=["name", "language", "time_format"])


def users_of(customer: Customer) -> list[int]:
    """Users who hear of a customer's news: the person, or the company's active members."""
    if customer.member:
        return [customer.member.user_id]
    assert customer.company_id
    active = CompanyMember.objects.filter(
        company_id=customer.company_id, member__state=Member.State.ACTIVE
    )
    return list(active.values_list("member__user_id", flat=True).order_by("pk"))
