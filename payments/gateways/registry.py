"""Which gateways there are, what each can do, and which code speaks to it."""

from collections.abc import Callable

from payments.gateways.protocol import Abilities, Credentials, Gateway
from payments.gateways.stripe import STRIPE, StripeGateway
from payments.gateways.transfer import TRANSFER

ABILITIES: dict[str, Abilities] = {"stripe": STRIPE, "bank_transfer": TRANSFER}
# Those that are spoken to; of the others people tell.
GATEWAYS: dict[str, Callable[[Credentials], Gateway]] = {"stripe": StripeGateway}
