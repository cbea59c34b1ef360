from credits.statements.booking import (
    Balance,
    Booked,
    SpendingFacts,
    insert_accrual,
    insert_capture,
    insert_draw,
    insert_giving_back,
    select_balance,
    select_spending,
    select_wallet_to_lock,
)
from credits.statements.holding import free_held_lots, insert_hold, loosen_holds
from credits.statements.returning import insert_return

__all__ = [
    "Balance",
    "Booked",
    "SpendingFacts",
    "free_held_lots",
    "insert_accrual",
    "insert_capture",
    "insert_draw",
    "insert_giving_back",
    "insert_hold",
    "insert_return",
    "loosen_holds",
    "select_balance",
    "select_spending",
    "select_wallet_to_lock",
]
