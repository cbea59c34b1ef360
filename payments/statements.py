"""The SQL of this app's hot path: a charge becomes final in one statement."""

from datetime import datetime

from community.database import run_statement

UPDATE_TRANSACTION = """
UPDATE payments_transaction
SET state = %s, reference = coalesce(nullif(%s, ''), reference), failure_code = %s, settled_at = %s
WHERE id = %s
"""


def update_transaction(
    *, transaction_id: int, state: str, reference: str, failure_code: str, at: datetime
) -> None:
    run_statement(UPDATE_TRANSACTION, [state, reference, failure_code, at, transaction_id])
