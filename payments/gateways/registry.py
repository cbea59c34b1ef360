"""Which code speaks to which gateway."""

from collections.abc import Callable

from payments.gateways.protocol import Credentials, Gateway
from payments.gateways.stripe import StripeGateway

GATEWAYS: dict[str, Callable[[Credentials], Gateway]] = {"stripe": StripeGateway}
