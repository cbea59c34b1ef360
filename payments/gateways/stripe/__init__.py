from payments.gateways.stripe.abilities import STRIPE
from payments.gateways.stripe.adapter import StripeGateway
from payments.gateways.stripe.checks import PERMISSIONS, new_key_url

__all__ = ["PERMISSIONS", "STRIPE", "StripeGateway", "new_key_url"]
