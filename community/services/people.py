from django.db import transaction

from community.models import CompanyMember, Customer, Location, Member, Role, User


@transaction.atomic
def choose_theme(*, user: User, theme: User.Theme) -> None:
    user.theme = theme
    user.save(update_fields=["theme"])


@transaction.atomic
def change_profile(*, user: User, name: str, language: str, time_format: str) -> None:
    """Change how a person is called and reads; past documents keep the name they had."""
    user.name, user.language, user.time_format = name, language, time_format
    user.save(update_fields=["name", "language", "time_format"])


def admins_of(location: Location) -> list[int]:
    """Users who run a location."""
    admins = Role.objects.filter(location=location, kind=Role.Kind.ADMIN)
    return list(admins.values_list("user_id", flat=True).order_by("pk"))


def payers_of(customer: Customer) -> list[int]:
    """Users who see a customer's bills: the person, or the company's managers."""
    if customer.member:
        return [customer.member.user_id]
    managers = CompanyMember.objects.managers().filter(company_id=customer.company_id)
    return list(managers.values_list("member__user_id", flat=True).order_by("pk"))


def users_of(customer: Customer) -> list[int]:
    """Users who hear of a customer's news: the person, or the company's active members."""
    if customer.member:
        return [customer.member.user_id]
    assert customer.company_id
    active = CompanyMember.objects.filter(
        company_id=customer.company_id, member__state=Member.State.ACTIVE
    )
    return list(active.values_list("member__user_id", flat=True).order_by("pk"))
