"""Who is asking, at which location: the argument of every `visible_to`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CompanyStanding:
    """How a member stands to a company of theirs: what they may see and pay with."""

    company_id: int
    customer_id: int
    name: str
    is_manager: bool
    may_use_card: bool
    may_use_bill: bool
    is_open: bool


@dataclass(frozen=True)
class Principal:
    """A user's standing at one location, read once per request. Id 0: there is none."""

    user_id: int
    location_id: int
    member_id: int = 0
    member_state: str = ""
    customer_id: int = 0
    role: str = ""
    companies: tuple[CompanyStanding, ...] = ()
    api_key_id: int = 0

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_staff(self) -> bool:
        """They see all of the location; so does a key, as far as its scopes go."""
        return self.role in {"admin", "staff"} or self.api_key_id != 0

    @property
    def is_member(self) -> bool:
        """Active or suspended: the membership pages open, buying needs more."""
        return self.member_state in {"active", "suspended"}

    @property
    def is_former(self) -> bool:
        """They left or were removed: their own documents stay open."""
        return self.member_state == "left"

    @property
    def may_buy(self) -> bool:
        return self.member_state == "active"

    @property
    def own_customer_ids(self) -> list[int]:
        """Customers whose money is theirs to see: themself and the companies they manage."""
        managed = [standing.customer_id for standing in self.companies if standing.is_manager]
        return [self.customer_id, *managed]

    @property
    def customer_ids_to_look_at(self) -> list[int]:
        """Customers whose balance they see: themself and every company of theirs."""
        return [self.customer_id, *(standing.customer_id for standing in self.companies)]
