from community.models.audit import AuditRecord
from community.models.customers import Customer
from community.models.locations import Location
from community.models.members import Member
from community.models.roles import Role
from community.models.users import User

__all__ = ["AuditRecord", "Customer", "Location", "Member", "Role", "User"]
