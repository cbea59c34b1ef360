from community.invariants import same_location

INVARIANTS = {
    "A wallet's balance is the sum of its entries": """
        SELECT w.id FROM credits_wallet w
        LEFT JOIN credits_entry e ON e.wallet_id = w.id
        GROUP BY w.id HAVING w.balance <> coalesce(sum(e.credits), 0)
    """,
    "A wallet's balance is what is left in its lots": """
        SELECT w.id FROM credits_wallet w
        LEFT JOIN credits_lot lot ON lot.wallet_id = w.id
        GROUP BY w.id HAVING w.balance <> coalesce(sum(lot.remaining), 0)
    """,
    "The balance after an entry is the running total, never negative": """
        SELECT id FROM (
            SELECT id, balance_after,
                   sum(credits) OVER (PARTITION BY wallet_id ORDER BY position) AS running
            FROM credits_entry
        ) entry
        WHERE balance_after <> running OR running < 0
    """,
    "The entries of a wallet are numbered from 1 without gaps": """
        SELECT w.id FROM credits_wallet w
        LEFT JOIN credits_entry e ON e.wallet_id = w.id
        GROUP BY w.id
        HAVING (w.last_position, w.last_position, coalesce(min(e.position), 1))
               <> (count(e.id), coalesce(max(e.position), 0), 1)
    """,
    "What is left of a lot is what it held and its movements": """
        SELECT lot.id FROM credits_lot lot
        LEFT JOIN credits_lotmovement m ON m.lot_id = lot.id
        GROUP BY lot.id HAVING lot.remaining <> lot.credits + coalesce(sum(m.credits), 0)
    """,
    "An entry adds a lot or moves its lots by what it says": """
        SELECT e.id FROM credits_entry e
        LEFT JOIN credits_lot lot ON lot.entry_id = e.id
        LEFT JOIN (
            SELECT entry_id, sum(credits) AS credits FROM credits_lotmovement GROUP BY entry_id
        ) moved ON moved.entry_id = e.id
        WHERE e.credits <> coalesce(lot.credits, 0) + coalesce(moved.credits, 0)
    """,
    "An entry moves lots of its own wallet": """
        SELECT e.id FROM credits_entry e
        JOIN credits_lotmovement m ON m.entry_id = e.id
        JOIN credits_lot lot ON lot.id = m.lot_id
        WHERE lot.wallet_id <> e.wallet_id
    """,
    "A lot lapses once, with all that was left of it": """
        SELECT e.id FROM credits_entry e
        JOIN credits_lotmovement m ON m.entry_id = e.id
        JOIN credits_lot lot ON lot.id = m.lot_id
        WHERE e.reason = 'lapse'
          AND (lot.remaining <> 0 OR lot.lapses_at IS NULL OR lot.lapses_at > e.happened_at
               OR e.idempotency_key <> 'lapse:' || lot.id)
    """,
    **same_location("credits"),
}
