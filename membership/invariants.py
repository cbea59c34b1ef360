"""Where everything of a sale meets: its money, its credits and its papers."""

from community.invariants import same_location

INVARIANTS = {
    "A completed purchase has one accrual: its frozen credits, for its customer": """
        SELECT p.id FROM membership_purchase p
        LEFT JOIN credits_entry e ON e.idempotency_key = 'purchase:' || p.id
        LEFT JOIN credits_wallet w ON w.id = e.wallet_id
        WHERE p.state = 'completed'
        GROUP BY p.id
        HAVING count(e.id) <> 1
            OR bool_or((e.id, e.credits, e.reason, w.customer_id)
                       <> (p.accrual_id, p.credits, 'purchase', p.customer_id))
    """,
    "The lot of a purchase is worth what was paid for it": """
        SELECT p.id FROM membership_purchase p
        JOIN credits_lot lot ON lot.entry_id = p.accrual_id
        WHERE lot.paid_minor <> p.net_minor OR (lot.lapses_at IS NULL) <> (p.expiry_months IS NULL)
    """,
    "A completed purchase has its succeeded charge": """
        SELECT p.id FROM membership_purchase p
        JOIN payments_transaction t ON t.id = p.charge_id
        WHERE p.state = 'completed' AND t.state <> 'succeeded'
    """,
    "A succeeded charge has completed its purchase": """
        SELECT t.id FROM payments_transaction t
        JOIN membership_purchase p ON p.charge_id = t.id
        WHERE t.state = 'succeeded' AND p.state <> 'completed'
    """,
    "A charge is of one purchase or of one bill": """
        SELECT t.id FROM payments_transaction t
        LEFT JOIN membership_purchase p ON p.charge_id = t.id
        WHERE (p.id IS NULL) = (t.bill_id IS NULL) AND t.kind = 'charge'
    """,
    "A charge of a bill is of its customer, in its currency": """
        SELECT t.id FROM payments_transaction t
        JOIN billing_bill b ON b.id = t.bill_id
        WHERE (t.customer_id, t.currency) <> (b.customer_id, b.currency)
    """,
    "A bill is paid online by its charges, less what was taken back of them": """
        SELECT b.id FROM billing_bill b
        LEFT JOIN (
            SELECT bill_id, sum(amount_minor) AS amount_minor FROM billing_billpayment
            WHERE method = 'gateway' GROUP BY bill_id
        ) paid ON paid.bill_id = b.id
        LEFT JOIN (
            SELECT bill_id, sum(amount_minor - taken_back_minor) AS amount_minor
            FROM payments_transaction WHERE state = 'succeeded' AND NOT is_surplus
            GROUP BY bill_id
        ) charged ON charged.bill_id = b.id
        WHERE coalesce(paid.amount_minor, 0) <> coalesce(charged.amount_minor, 0)
    """,
    "Money that came for a paid bill is on the list to review": """
        SELECT t.id FROM payments_transaction t
        LEFT JOIN payments_reviewcase r ON r.charge_id = t.id AND r.reason = 'surplus'
        WHERE t.is_surplus AND r.id IS NULL
    """,
    "A purchase that is over has no charge under way": """
        SELECT p.id FROM membership_purchase p
        JOIN payments_transaction t ON t.id = p.charge_id
        WHERE (p.state IN ('pending', 'awaiting_payment')) <> (t.state = 'pending')
          AND p.state <> 'completed' AND t.state <> 'succeeded'
    """,
    "A purchase at a gateway awaits its payment if that is a transfer": """
        SELECT p.id FROM membership_purchase p
        JOIN payments_transaction t ON t.id = p.charge_id
        WHERE p.state IN ('pending', 'awaiting_payment')
          AND (p.state = 'awaiting_payment') <> (t.due_on IS NOT NULL)
    """,
    "A purchase that is not completed gave no credits": """
        SELECT p.id FROM membership_purchase p
        JOIN credits_entry e ON e.idempotency_key = 'purchase:' || p.id
        WHERE p.state <> 'completed'
    """,
    "A purchase that is not completed earned no revenue": """
        SELECT p.id FROM membership_purchase p
        JOIN analytics_revenueline r ON r.key = 'purchase:' || p.id
        WHERE p.state <> 'completed' AND p.method <> 'bill'
    """,
    "A free purchase earned no revenue": """
        SELECT p.id FROM membership_purchase p
        JOIN analytics_revenueline r ON r.key = 'purchase:' || p.id
        WHERE p.method = 'free'
    """,
    "A purchase paid at a gateway has one line of revenue: its net price": """
        SELECT p.id FROM membership_purchase p
        LEFT JOIN analytics_revenueline r
            ON r.key = 'purchase:' || p.id AND r.location_id = p.location_id
        WHERE p.state = 'completed' AND p.method = 'gateway'
        GROUP BY p.id
        HAVING count(r.id) <> 1
            OR bool_or((r.net_minor, r.source, r.currency) <> (p.net_minor, 'credits', p.currency))
    """,
    "A charge is over what its purchase costs, in its location's currency": """
        SELECT p.id FROM membership_purchase p
        JOIN payments_transaction t ON t.id = p.charge_id
        JOIN community_location l ON l.id = p.location_id
        WHERE (t.amount_minor, t.currency, t.currency, t.customer_id)
              <> (p.total_minor, p.currency, l.currency, p.customer_id)
    """,
    "A purchase on the bill is one item with its amounts, on its customer's bill": """
        SELECT p.id FROM membership_purchase p
        JOIN billing_billitem item ON item.id = p.bill_item_id
        JOIN billing_bill b ON b.id = item.bill_id
        WHERE (item.net_minor, item.tax_minor, item.tax_percent, item.source, item.key,
               b.customer_id, b.currency)
              <> (p.net_minor, p.tax_minor, p.tax_percent, 'credits', 'purchase:' || p.id,
                  p.customer_id, p.currency)
    """,
    "Credits on a bill are of a purchase": """
        SELECT item.id FROM billing_billitem item
        LEFT JOIN membership_purchase p ON p.bill_item_id = item.id
        WHERE item.source = 'credits' AND item.removes_id IS NULL AND p.id IS NULL
    """,
    "A purchase on the bill waits for payment only while its bill is unpaid": """
        SELECT p.id FROM membership_purchase p
        JOIN billing_billitem item ON item.id = p.bill_item_id
        JOIN billing_bill b ON b.id = item.bill_id
        WHERE p.state = 'awaiting_payment' AND b.state NOT IN ('active', 'issued')
    """,
    "A receipt is over what its purchase cost": """
        SELECT p.id FROM membership_purchase p
        JOIN billing_receipt r ON r.id = p.receipt_id
        WHERE (r.net_minor, r.tax_minor, r.currency, r.customer_id)
              <> (p.net_minor, p.tax_minor, p.currency, p.customer_id)
    """,
    "Every receipt is of a purchase": """
        SELECT r.id FROM billing_receipt r
        LEFT JOIN membership_purchase p ON p.receipt_id = r.id
        WHERE p.id IS NULL
    """,
    "Nobody buys for another member": """
        SELECT p.id FROM membership_purchase p
        JOIN community_customer c ON c.id = p.customer_id
        WHERE c.member_id <> p.bought_by_id
    """,
    "Bills pay themselves by a card of their customer": """
        SELECT auto.id FROM payments_autopay auto
        JOIN payments_card card ON card.id = auto.card_id
        WHERE card.customer_id <> auto.customer_id
    """,
    "No purchase is pending for more than a day": """
        SELECT id FROM membership_purchase
        WHERE state = 'pending' AND created_at < now() - interval '24 hours'
    """,
    "No payment of a bill is pending for more than a day": """
        SELECT id FROM payments_transaction
        WHERE state = 'pending' AND bill_id IS NOT NULL
          AND created_at < now() - interval '24 hours'
    """,
    "A purchase is made under a plan of its customer": """
        SELECT p.id FROM membership_purchase p
        JOIN membership_planassignment a ON a.id = p.assignment_id
        WHERE a.customer_id <> p.customer_id
    """,
    "The bills of a plan follow each other from its first day without a gap": """
        SELECT period.id FROM (
            SELECT b.id, b.period_start, a.starts_on, lag(b.period_end)
                OVER (PARTITION BY a.id ORDER BY b.period_start, b.id) AS before
            FROM membership_planassignment a
            JOIN billing_bill b
                ON b.customer_id = a.customer_id AND b.key LIKE 'period:' || a.id || ':%'
        ) period
        WHERE period.period_start <> coalesce(period.before, period.starts_on)
    """,
    "A plan's fee is on the bill of its period": """
        SELECT item.id FROM billing_billitem item
        JOIN billing_bill b ON b.id = item.bill_id
        WHERE item.key LIKE 'fee:%' AND b.key <> 'period' || substr(item.key, 4)
    """,
    "Monthly credits are given for a period with a bill": """
        SELECT e.id FROM credits_entry e
        JOIN credits_wallet w ON w.id = e.wallet_id
        LEFT JOIN billing_bill b
            ON b.customer_id = w.customer_id AND b.key = 'period' || substr(e.idempotency_key, 5)
        WHERE e.reason = 'plan' AND b.id IS NULL
    """,
    "A purchase says how much of its money was taken back": """
        SELECT p.id FROM membership_purchase p
        JOIN payments_transaction t ON t.id = p.charge_id
        WHERE p.taken_back_minor <> t.taken_back_minor
    """,
    "A purchase says how many of its credits are reversed": """
        SELECT p.id FROM membership_purchase p
        LEFT JOIN credits_entry e ON e.reverses_id = p.accrual_id
        GROUP BY p.id HAVING p.reversed_credits <> -coalesce(sum(e.credits), 0)
    """,
    "What is taken back of a purchase is reversed or owed, rounded down to a hundredth": """
        SELECT p.id FROM membership_purchase p
        LEFT JOIN membership_owedcredits owed ON owed.purchase_id = p.id
        WHERE p.total_minor > 0
        GROUP BY p.id
        HAVING p.reversed_credits + coalesce(sum(owed.credits - owed.lifted), 0)
               <> trunc(p.credits * p.taken_back_minor / p.total_minor, 2)
    """,
    "Credits are owed for money that was taken back of their own purchase": """
        SELECT owed.id FROM membership_owedcredits owed
        JOIN membership_purchase p ON p.id = owed.purchase_id
        LEFT JOIN payments_transaction taking ON taking.id = owed.taking_id
        WHERE taking.charge_id IS DISTINCT FROM p.charge_id
    """,
    "What is taken back of a purchase is credited on its receipt": """
        SELECT p.id FROM membership_purchase p
        LEFT JOIN billing_creditnote n ON n.receipt_id = p.receipt_id
        WHERE p.method = 'gateway'
        GROUP BY p.id HAVING p.taken_back_minor <> coalesce(sum(n.total_minor), 0)
    """,
    **same_location("membership"),
}
