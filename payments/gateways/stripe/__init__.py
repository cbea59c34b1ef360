from payments.gateways.stripe.adapter import StripeGateway
from payments.gateways.stripe.checks import PERMISSIONS

__all__ = ["PERMISSIONS", "StripeGateway"]
