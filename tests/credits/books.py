"""Holds in each of their states and a spend given back, to be broken row by row."""

from datetime import timedelta
from decimal import Decimal

from credits.models import Entry, Hold
from credits.services.granting import grant_credits
from credits.services.holding import capture_hold, hold_credits, release_hold
from credits.services.lapsing import lapse_customer_lots
from credits.services.restoring import reverse_spend
from credits.services.spending import spend_credits
from tests.factories import CustomerFactory

HOUR = timedelta(hours=1)


def books_of_holds(location, at):
    customer = CustomerFactory(member__location=location)
    lots = [
        grant_credits(
            customer=customer, credits=Decimal(20), reason=Entry.Reason.GIVEN, key=key, at=at
        ).lot
        for key in ("first", "second")
    ]
    spent = spend_credits(customer=customer, credits=Decimal(2), key="spent", at=at)
    reverse_spend(spend=spent, key="back", at=at)
    held = {state: hold(customer, 1, key=state, at=at) for state in Hold.State.values}
    capture_hold(hold=held["captured"], credits=None, at=at)
    release_hold(hold=held["released"], at=at)
    open_hold = hold(customer, 1, key="longer", at=at, expires_at=at + 9 * HOUR)
    lapse_customer_lots(wallet_id=spent.wallet_id, at=at + 2 * HOUR)
    return {
        "holding_wallet": spent.wallet_id,
        "untouched_lot": lots[1].pk,
        "held_lot": lots[0].pk,
        "given_spend": spent.pk,
        "open_hold": open_hold.pk,
        **{f"{state}_hold": held[state].pk for state in ("captured", "released", "expired")},
    }


def hold(customer, credits, *, key, at, expires_at=None):
    return hold_credits(
        customer=customer,
        credits=Decimal(credits),
        expires_at=expires_at or at + HOUR,
        key=key,
        at=at,
    )


HOLD_MUTATIONS = {
    "A lot lapses when it is due, with all of it that no hold has set aside": """
        UPDATE credits_lot SET lapses_at = lapses_at + interval '10 years' WHERE id = {lapsed_lot}
    """,
    "A lot holds back what open holds name of it": """
        UPDATE credits_lot SET held = held + 1 WHERE id = {held_lot};
        UPDATE credits_wallet SET held = held + 1 WHERE id = {holding_wallet}
    """,
    "A wallet holds back what its lots hold back": """
        UPDATE credits_wallet SET held = held + 1 WHERE id = {holding_wallet}
    """,
    "A hold names lots of its own wallet, and no more than it set aside": """
        UPDATE credits_hold SET credits = 0.5 WHERE id = {released_hold}
    """,
    "What a hold captured came from the lots that it named": """
        UPDATE credits_heldlot SET lot_id = {untouched_lot} WHERE hold_id = {captured_hold}
    """,
    "A spend is given back whole, to the lots it came from": """
        UPDATE credits_entry SET reason = 'deduction' WHERE id = {given_spend}
    """,
}
