from community.services.audit import record_audit
from community.services.locations import open_location
from community.services.people import change_profile, choose_theme

__all__ = ["change_profile", "choose_theme", "open_location", "record_audit"]
