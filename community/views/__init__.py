from community.views.account import choose_location, email_addresses, profile, theme

__all__ = ["choose_location", "email_addresses", "profile", "theme"]
