"""Keys that open the stand-in of `make run`, where each location has an account."""

from community.models import Location


def demo_account(location: Location) -> str:
    return location.slug.replace("_", "-").strip("-") or "location"


def demo_keys(location: Location) -> tuple[str, str]:
    """The publishable and the restricted key of the location's account."""
    key = f"{demo_account(location).replace('-', '_')}_demo"
    return f"pk_test_{key}", f"rk_test_{key}"
