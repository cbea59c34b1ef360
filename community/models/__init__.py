from community.models.api import ApiAnswer, ApiKey
from community.models.audit import AuditRecord
from community.models.companies import Company, CompanyMember
from community.models.customers import Customer
from community.models.exports import Export, ExportPart
from community.models.locations import Location, LocationLogo, SetupLink
from community.models.members import Member
from community.models.roles import Role
from community.models.users import User

__all__ = [
    "ApiAnswer",
    "ApiKey",
    "AuditRecord",
    "Company",
    "CompanyMember",
    "Customer",
    "Export",
    "ExportPart",
    "Location",
    "LocationLogo",
    "Member",
    "Role",
    "SetupLink",
    "User",
]
