from community.views.account import choose_location, theme

__all__ = ["choose_location", "theme"]
