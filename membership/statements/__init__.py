from membership.statements.buying import (
    BuyerFacts,
    Hold,
    NewPurchase,
    count_claims,
    insert_purchase,
    select_buyer,
    select_recipients,
    sum_credits_on_bill,
)
from membership.statements.naming import fold_names
from membership.statements.settlement import (
    SettlementFacts,
    select_settlement,
    try_lock_imports,
    update_completed,
    update_state,
)

__all__ = [
    "BuyerFacts",
    "Hold",
    "NewPurchase",
    "SettlementFacts",
    "count_claims",
    "fold_names",
    "insert_purchase",
    "select_buyer",
    "select_recipients",
    "select_settlement",
    "sum_credits_on_bill",
    "try_lock_imports",
    "update_completed",
    "update_state",
]
