"""A charge that waits to be settled, as it is handed to whoever settles it."""

from dataclasses import dataclass

from payments.gateways.protocol import ChargeOutcome, ChargeState

NET_MINOR, TAX_MINOR = 1000, 200


@dataclass(frozen=True)
class Waiting:
    """A charge that the gateway has not told the outcome of."""

    transaction_id: int
    location_id: int
    key: str

    def paid(self) -> ChargeOutcome:
        return ChargeOutcome(
            reference=f"pi_{self.transaction_id}",
            state=ChargeState.SUCCEEDED,
            amount_minor=NET_MINOR + TAX_MINOR,
            currency="EUR",
            livemode=False,
            key=self.key,
        )
