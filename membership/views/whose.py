"""Whose credits and payments a page under Membership is about: one's own or a company's."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from community.access import LocationRequest
from community.models import CompanyMember
from community.principals import CompanyStanding


@dataclass(frozen=True)
class Whose:
    """The customer that a page is about, and how the reader stands to them."""

    slug: str
    customer_id: int
    name: str
    company: CompanyStanding | None = None

    @property
    def company_id(self) -> int | None:
        return self.company.company_id if self.company else None

    @property
    def sees_everything(self) -> bool:
        """Their own, or a company that they manage. Other members see what they bought."""
        return self.company is None or self.company.is_manager

    @property
    def is_open(self) -> bool:
        return self.company is None or self.company.is_open

    def url(self, page: str, *args: object) -> str:
        """The address of a page about this customer: "credits", "checkout" with an option."""
        if self.company is None:
            return reverse(f"membership:{page}", args=[self.slug, *args])
        return reverse(f"membership:company_{page}", args=[self.slug, self.company_id, *args])

    @property
    def credits_url(self) -> str:
        return self.url("credits")

    @property
    def transactions_url(self) -> str:
        return self.url("credit_transactions")

    @property
    def csv_url(self) -> str:
        return self.url("credit_transactions_csv")

    @property
    def bills_url(self) -> str:
        return self.url("bills")

    @property
    def details_url(self) -> str:
        return self.url("billing_details")

    @property
    def payments_url(self) -> str:
        return self.url("payments")

    @property
    def add_card_url(self) -> str:
        return self.url("add_card")


@dataclass(frozen=True)
class WhoseLink:
    """One place of the switch between oneself and one's companies."""

    name: str
    url: str
    is_current: bool
    company: CompanyStanding | None = None


def whose(request: LocationRequest, company_id: int | None = None) -> Whose:
    """Oneself, or a company that one belongs to; else 404."""
    slug = request.location.slug
    if company_id is None:
        return Whose(slug, request.principal.customer_id, request.user.name)
    for standing in request.principal.companies:
        if standing.company_id == company_id:
            return Whose(slug, standing.customer_id, standing.name, standing)
    raise Http404


def managed(request: LocationRequest, company_id: int) -> Whose:
    """A company that the reader manages.

    :raises PermissionDenied: if they belong to it without managing it
    """
    about = whose(request, company_id)
    if not about.sees_everything:
        names = managers_of(company_id, else_ask=request.location.name)
        raise PermissionDenied(
            _("Only managers of %(company)s may do this. Ask %(managers)s.")
            % {"company": about.name, "managers": names}
        )
    return about


def switch_links(request: LocationRequest, current: Whose, page: str) -> list[WhoseLink]:
    """The same page about each of those whom the reader may look at."""
    everybody = [whose(request)] + [
        whose(request, standing.company_id) for standing in request.principal.companies
    ]
    return [
        WhoseLink(
            name=it.name if it.company else _("Personal"),
            url=it.url(page),
            is_current=it.company_id == current.company_id,
            company=it.company,
        )
        for it in everybody
    ]


def managed_links(request: LocationRequest, current: Whose, page: str) -> list[WhoseLink]:
    """The same page about oneself and about each company that the reader manages."""
    return [
        link
        for link in switch_links(request, current, page)
        if link.company is None or link.company.is_manager
    ]


def managers_of(company_id: int, *, else_ask: str) -> str:
    """Names of those to ask; a company without a manager has the location's team."""
    people = CompanyMember.objects.managers().filter(company_id=company_id).by_name()
    return _(" or ").join(str(place.member.user) for place in people) or else_ask
