from payments.gateways.stripe.abilities import STRIPE
from payments.gateways.stripe.adapter import StripeGateway
from payments.gateways.stripe.checks import PERMISSIONS, new_key_url
from payments.gateways.stripe.words import KEY_REFUSALS

__all__ = ["KEY_REFUSALS", "PERMISSIONS", "STRIPE", "StripeGateway", "new_key_url"]
