"""Which gateways there are. How to add one: docs/add-a-gateway.md."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.gateways.protocol import Abilities, Credentials, Gateway
from payments.gateways.stripe import KEY_REFUSALS, STRIPE, StripeGateway
from payments.gateways.transfer import TRANSFER

Words = str | Promise


@dataclass(frozen=True)
class Kind:
    """One kind of gateway: what it is called, what it can do, and how an account is connected."""

    label: Words
    abilities: Abilities
    # Speaks to an account. Nobody is spoken to where people tell of the money.
    speaker: Callable[[Credentials], Gateway] | None = None
    icon: str = "credit-card"
    # What the form to connect asks for; without a label it is not asked for.
    publishable_label: Words = ""
    secret_label: Words = ""
    # Why a key can't be used, by the codes of KeyRefused, where the general words don't do.
    key_refusals: Mapping[str, Words] = field(default_factory=dict)
    # Where its API is unless the operator says otherwise; empty if its code knows.
    api_base: Callable[[], str] = str

    def speak(self, credentials: Credentials) -> Gateway:
        assert self.speaker
        return self.speaker(credentials)


KINDS: dict[str, Kind] = {
    "stripe": Kind(
        label=_("Stripe"),
        abilities=STRIPE,
        speaker=StripeGateway,
        publishable_label=_("Publishable key"),
        secret_label=_("Restricted key"),
        key_refusals=KEY_REFUSALS,
        api_base=lambda: str(settings.STRIPE_API_BASE),
    ),
    "bank_transfer": Kind(label=_("Bank transfer"), abilities=TRANSFER, icon="landmark"),
}


def abilities_of(gateway: str) -> Abilities:
    return KINDS[gateway].abilities


def that_charge_cards() -> list[str]:
    return [name for name, kind in KINDS.items() if kind.abilities.charges_cards]


def that_are_spoken_to() -> list[str]:
    return [name for name, kind in KINDS.items() if kind.speaker]


def that_confirm_later() -> list[str]:
    return [name for name, kind in KINDS.items() if kind.abilities.confirms_later]
