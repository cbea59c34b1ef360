"""Where each gateway is set up: Stripe and bank transfer at addresses of their own."""

from django.urls import reverse

from payments.models import GatewayConnection

OWN_PAGES: dict[str, dict[str, str]] = {
    GatewayConnection.Gateway.STRIPE: {
        "page": "settings_stripe",
        "test": "test_stripe",
        "health": "stripe_health",
    },
    GatewayConnection.Gateway.BANK_TRANSFER: {"page": "settings_bank_transfer"},
}
PAGES = {"page": "settings_gateway", "test": "test_gateway", "health": "gateway_health"}


def settings_url(slug: str, gateway: str, what: str = "page") -> str:
    """The address of a gateway's page, of its test ("test") or its signs ("health")."""
    if own := OWN_PAGES.get(gateway):
        return reverse(f"community:{own[what]}", args=[slug])
    return reverse(f"community:{PAGES[what]}", args=[slug, gateway])
