from community.views.account import choose_location, profile, theme

__all__ = ["choose_location", "profile", "theme"]
