"""Bank transfer: nobody to call. The buyer gets a reference, a person says what has come."""

from payments.gateways.protocol import Abilities, ChargeOutcome, ChargeState

TRANSFER = Abilities(confirms_later=True)
DIGITS_AT_LEAST = 6


def payment_reference(number: int) -> str:
    """A creditor reference (ISO 11649) of a number: its check digits give a slip of the pen away.

    Banks know it as RF and two digits; no two numbers have the same one.
    """
    digits = str(number).zfill(DIGITS_AT_LEAST)
    check = 98 - int(f"{digits}271500") % 97  # RF00 behind, its letters as 27 and 15
    return f"RF{check:02d}{digits}"


def money_received(*, reference: str, amount_minor: int, currency: str, key: str) -> ChargeOutcome:
    """What a person saw on the bank statement, in the words in which gateways tell of money."""
    return ChargeOutcome(
        reference=reference,
        state=ChargeState.SUCCEEDED,
        amount_minor=amount_minor,
        currency=currency,
        livemode=True,
        key=key,
    )
