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
    "A lot lapses when it is due, with all of it that no hold has set aside": """
        SELECT e.id FROM credits_entry e
        JOIN credits_lotmovement m ON m.entry_id = e.id
        JOIN credits_lot lot ON lot.id = m.lot_id
        WHERE e.reason = 'lapse'
          AND (lot.remaining <> lot.held OR lot.lapses_at IS NULL OR lot.lapses_at > e.happened_at
               OR split_part(e.idempotency_key, ':', 2) <> lot.id::text)
    """,
    "A lot holds back what open holds name of it": """
        SELECT lot.id FROM credits_lot lot
        LEFT JOIN (
            SELECT part.lot_id, sum(part.credits) AS credits FROM credits_heldlot part
            JOIN credits_hold hold ON hold.id = part.hold_id WHERE hold.state = 'open'
            GROUP BY part.lot_id
        ) named ON named.lot_id = lot.id
        WHERE lot.held <> coalesce(named.credits, 0)
    """,
    "A wallet holds back what its lots hold back": """
        SELECT w.id FROM credits_wallet w
        LEFT JOIN credits_lot lot ON lot.wallet_id = w.id
        GROUP BY w.id HAVING w.held <> coalesce(sum(lot.held), 0)
    """,
    "A hold names lots of its own wallet, and no more than it set aside": """
        SELECT hold.id FROM credits_hold hold
        LEFT JOIN credits_heldlot part ON part.hold_id = hold.id
        LEFT JOIN credits_lot lot ON lot.id = part.lot_id
        GROUP BY hold.id
        HAVING bool_or(lot.wallet_id <> hold.wallet_id)
               OR coalesce(sum(part.credits), 0) > hold.credits
    """,
    "What a hold captured came from the lots that it named": """
        SELECT hold.id FROM credits_hold hold
        JOIN credits_lotmovement m ON m.entry_id = hold.capture_id
        LEFT JOIN credits_heldlot part ON part.hold_id = hold.id AND part.lot_id = m.lot_id
        WHERE -m.credits > coalesce(part.credits, 0)
    """,
    "A spend is given back whole, to the lots it came from": """
        SELECT back.id FROM credits_entry back
        JOIN credits_entry spend ON spend.id = back.reverses_id
        LEFT JOIN credits_lotmovement took ON took.entry_id = spend.id
        LEFT JOIN credits_lotmovement gave
               ON gave.entry_id = back.id AND gave.lot_id = took.lot_id
        WHERE back.credits > 0 AND back.reason = 'reversal'
          AND (spend.reason <> 'spending' OR back.credits <> -spend.credits
               OR took.credits IS DISTINCT FROM -gave.credits)
    """,
    "No more is reversed of an accrual than it gave, and no more restored than was reversed": """
        SELECT accrual.id FROM credits_entry accrual
        JOIN credits_entry e ON e.reverses_id = accrual.id
        WHERE accrual.credits > 0
        GROUP BY accrual.id HAVING -sum(e.credits) NOT BETWEEN 0 AND accrual.credits
    """,
    **same_location("credits"),
}
