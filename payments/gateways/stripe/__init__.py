from payments.gateways.stripe.adapter import StripeGateway

__all__ = ["StripeGateway"]
