"""Who is asking, at which location: the argument of every `visible_to`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Principal:
    """A user's standing at one location, read once per request. Id 0: there is none."""

    user_id: int
    location_id: int
    member_id: int = 0
    member_state: str = ""
    customer_id: int = 0
    role: str = ""

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_staff(self) -> bool:
        return self.role in {"admin", "staff"}

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
