"""What a gateway can do for Deskmint. No ORM and no HTML in here or in any gateway.

Every call may raise GatewayUnavailable: what happened then is unknown until the gateway is
asked again, never a failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class GatewayUnavailable(Exception):
    """The gateway could not be heard. Whatever was asked of it may have happened."""


REFUSED = "refused:"  # before the gateway's code, where it was no bank that said no


class GatewayRefused(Exception):
    """The gateway refused the request itself: nothing happened there.

    The message is for the log; `code` is the gateway's word for the reason.
    """

    def __init__(self, code: str, message: str, *, param: str = "") -> None:
        super().__init__(message)
        self.code, self.param = code, param

    @property
    def failure_code(self) -> str:
        """What a charge keeps that failed of it."""
        return f"{REFUSED}{self.code}"


class GatewayShut(GatewayRefused):
    """The gateway did not let us in, so it did not look: an earlier send may still have worked."""


class NotPermitted(GatewayShut):
    """The key is a good one, but not for this."""


class CustomerGone(GatewayRefused):
    """The gateway has no such customer any more, nor their cards: somebody has deleted them."""

    def __init__(self, message: str) -> None:
        super().__init__("customer_gone", message, param="customer")


class AddressUnreachable(GatewayRefused):
    """The gateway sends no events to this address: it is not on the public internet."""


class KeyRefused(Exception):
    """A key can't be used. `field` says which of the two, `missing` what it may not do."""

    def __init__(self, field: str, code: str, *, missing: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.field, self.code, self.missing = field, code, missing


class EventNotGenuine(Exception):
    """The webhook's signature or time is wrong: it did not come from the gateway."""


class Limit(StrEnum):
    LEAST = "least"
    MOST = "most"
    STEP = "step"  # the amount is a multiple of it


@dataclass(frozen=True)
class Breach:
    """Which limit an amount does not keep, and how much that is."""

    limit: Limit
    minor: int


@dataclass(frozen=True)
class Abilities:
    """What a gateway can do. Whoever must know asks this, not the gateway's name."""

    saves_cards: bool = False
    charges_cards: bool = False
    redirects: bool = False
    confirms_later: bool = False  # the money comes some day, and a person says that it came
    tells_of_refunds: bool = False
    lacks: frozenset[str] = frozenset()  # currencies
    # By currency. Of others it takes any amount, up to `most_else_minor` if there is one.
    least_minor: Mapping[str, int] = field(default_factory=dict)
    most_minor: Mapping[str, int] = field(default_factory=dict)
    step_minor: Mapping[str, int] = field(default_factory=dict)
    most_else_minor: int | None = None

    def takes_currency(self, currency: str) -> bool:
        return currency not in self.lacks

    def breach(self, amount_minor: int, currency: str) -> Breach | None:
        """Why an amount in a currency that it takes is not taken; None if it is."""
        least = self.least_minor.get(currency, 1)
        most = self.most_minor.get(currency, self.most_else_minor)
        step = self.step_minor.get(currency, 1)
        if amount_minor < least:
            return Breach(Limit.LEAST, least)
        if most is not None and amount_minor > most:
            return Breach(Limit.MOST, most)
        return Breach(Limit.STEP, step) if amount_minor % step else None


@dataclass(frozen=True)
class Credentials:
    account: str
    publishable_key: str
    secret_key: str = field(repr=False)
    api_base: str


@dataclass(frozen=True)
class Permission:
    """What the key must be allowed: the gateway's name for it, and how its pages show it."""

    name: str
    resource: str
    access: str


@dataclass(frozen=True)
class Account:
    """What a gateway says of the account that a key belongs to.

    `charges_enabled` is None where the key may not know; `answered_at` is the gateway's clock.
    """

    reference: str
    name: str
    livemode: bool
    country: str = ""
    currency: str = ""
    charges_enabled: bool | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Webhook:
    """Where events are sent, and the secret that signs them."""

    reference: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class CardDetails:
    reference: str
    fingerprint: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


class SetupState(StrEnum):
    OPEN = "open"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class SetupOutcome:
    """How far the entering of a new card is."""

    reference: str
    state: SetupState
    client_secret: str = ""
    card: CardDetails | None = None
    failure_code: str = ""


class ChargeState(StrEnum):
    PENDING = "pending"
    ACTION = "action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ChargeRequest:
    """One charge. Amount in minor units; the key is kept with the attempt.

    Of a card: off session nobody is there to confirm it, what a bank wants confirmed fails then.
    By a redirect: without customer and card, with the addresses to come back and to tell us.
    """

    amount_minor: int
    currency: str
    key: str
    description: str
    customer: str = ""
    card: str = ""
    off_session: bool = False
    return_url: str = ""
    notify_url: str = ""


@dataclass(frozen=True)
class ChargeOutcome:
    """What became of a charge, as the gateway says. `key` is the one it was requested with.

    `redirect_url` is the gateway's page where it is paid, while it can be.
    """

    reference: str
    state: ChargeState
    amount_minor: int
    currency: str
    livemode: bool
    key: str = ""
    client_secret: str = ""
    redirect_url: str = ""
    failure_code: str = ""


class TakingKind(StrEnum):
    REFUND = "refund"
    DISPUTE = "dispute"


class TakingState(StrEnum):
    ASKED = "asked"  # somebody asks for the money; it has not moved
    TAKEN = "taken"
    RETURNED = "returned"  # the refund failed, or the dispute was won


@dataclass(frozen=True)
class Taking:
    """Money of a charge that is taken back by a refund or a dispute; `charge` is its reference."""

    kind: TakingKind
    reference: str
    state: TakingState
    charge: str
    amount_minor: int
    currency: str
    livemode: bool


@dataclass(frozen=True)
class RefundTotal:
    """How much of a charge was refunded in all; each refund is told of by itself as well."""

    charge: str
    amount_minor: int


@dataclass(frozen=True)
class Event:
    """A webhook in the gateway's own words, reduced to what Deskmint acts on."""

    reference: str
    kind: str
    account: str
    charge: ChargeOutcome | None
    taking: Taking | None = None
    refunded: RefundTotal | None = None


class Gateway(Protocol):
    """An account at a gateway that is spoken to."""

    def read_account(self) -> Account: ...

    def check_keys(self, *, currency: str) -> Account:
        """Find out whether the two keys do all that is asked of them. No money moves.

        :raises KeyRefused: if one of them does not
        """

    @property
    def advice(self) -> str:
        """A code for what would be better about a key that works; empty if nothing would."""

    def send_test(self, *, currency: str) -> str:
        """Let something harmless happen that the gateway tells by a webhook.

        Returns the reference of the charge that the event will name.
        """

    def create_webhook(self, *, url: str) -> Webhook:
        """Ask for events at this address.

        :raises AddressUnreachable: if the gateway can't send any there
        """

    def move_webhook(self, *, url: str) -> Webhook | None:
        """Have the events of this path sent to this address, wherever they went before.

        Returns the webhook if a new one had to be made, otherwise nothing.

        :raises AddressUnreachable: if the gateway can't send any there
        """

    def remove_webhook(self, reference: str) -> None:
        """Have no events sent there any more. Removing it twice is no error."""

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        """Charge once per key, however often it is called.

        A declined card is an outcome, not an error. By a redirect the outcome is an action, with
        the page where the buyer pays.

        :raises CustomerGone: if the customer was deleted
        :raises GatewayRefused: if the gateway did not accept the request
        """

    def read_charge(self, reference: str) -> ChargeOutcome: ...

    def find_charge(self, *, customer: str, key: str, since: datetime) -> ChargeOutcome | None:
        """Look for the charge with our key, however long ago; None if there is none.

        Of a gateway that redirects the customer is empty.

        :raises CustomerGone: if it lists nothing of somebody who was deleted
        """

    def collected_charges(self, *, since: datetime) -> list[ChargeOutcome]:
        """All charges with a key of ours that were begun since then and have succeeded."""

    def cancel_charge(self, reference: str) -> ChargeOutcome:
        """Make sure that an unfinished charge can't be finished any more."""

    def verify_event(
        self, body: bytes, headers: Mapping[str, str], *, secret: str
    ) -> dict[str, Any]:
        """The event's payload, once its signature over the raw bytes is right.

        Its "id" is the event's own, so that it counts once, and its "type" says what happened.
        Of a gateway that does not sign, ask it what is true of the payment that the event names.

        :raises EventNotGenuine: if it is not
        """

    def missed_events(self, *, since: datetime) -> list[dict[str, Any]]:
        """The payloads of the events since then that did not reach us, oldest first."""

    def read_event(self, payload: dict[str, Any]) -> Event:
        """What a payload says. Asked inside a transaction: the gateway is not called."""


class CardGateway(Gateway, Protocol):
    """One at which cards are kept and charged."""

    def create_customer(self, *, name: str, email: str, key: str) -> str:
        """Give the reference of a customer, made once per key. A company may have no email."""

    def open_setup(self, *, customer: str, key: str) -> SetupOutcome:
        """Let a card be entered, once per key.

        :raises CustomerGone: if the customer was deleted
        """

    def read_setup(self, reference: str) -> SetupOutcome: ...

    def detach_card(self, reference: str) -> None:
        """Forget a card. Forgetting it twice is no error."""
