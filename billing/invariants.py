from community.invariants import same_location

SERIES = (
    ("receipt", "billing_receipt", "Receipts", "receipt"),
    ("bill", "billing_bill", "Bills", "bill"),
    ("credit_note", "billing_creditnote", "Credit notes", "credit note"),
)
FOLLOW = "{many} are numbered from 1 without gaps, but where an admin moved the number on"
STAND = "The counter stands at the last {one}, or where an admin moved the number on"


def _follow(kind: str, table: str) -> str:
    return f"""
        SELECT d.id FROM (
            SELECT id, location_id, sequence,
                   lag(sequence, 1, 0) OVER (PARTITION BY location_id ORDER BY sequence) AS former
            FROM {table} WHERE sequence IS NOT NULL
        ) d
        WHERE d.sequence <> d.former + 1 AND NOT EXISTS (
            SELECT 1 FROM community_auditrecord a
            WHERE a.location_id = d.location_id
              AND a.after ->> 'next_{kind}' = d.sequence::text
        )
    """  # noqa: S608 - names of our own tables


def _stand(kind: str, table: str) -> str:
    return f"""
        SELECT c.id FROM billing_documentcounter c
        LEFT JOIN {table} d ON d.location_id = c.location_id
        WHERE c.kind = '{kind}'
        GROUP BY c.id
        HAVING c.last_number < coalesce(max(d.sequence), 0)
            OR c.last_number > coalesce(max(d.sequence), 0) AND NOT EXISTS (
                SELECT 1 FROM community_auditrecord a
                WHERE a.location_id = c.location_id
                  AND a.after ->> 'next_{kind}' = (c.last_number + 1)::text
            )
    """  # noqa: S608 - names of our own tables


INVARIANTS = {
    "A receipt's total is the sum of its lines": """
        SELECT r.id FROM billing_receipt r
        LEFT JOIN billing_receiptline line ON line.receipt_id = r.id
        GROUP BY r.id
        HAVING (r.net_minor, r.tax_minor, r.total_minor)
               IS DISTINCT FROM (sum(line.net_minor), sum(line.tax_minor), sum(line.total_minor))
    """,
    "A bill's total is the sum of its items": """
        SELECT b.id FROM billing_bill b
        LEFT JOIN billing_billitem item ON item.bill_id = b.id
        GROUP BY b.id
        HAVING (b.net_minor, b.tax_minor, b.total_minor)
               <> (coalesce(sum(item.net_minor), 0), coalesce(sum(item.tax_minor), 0),
                   coalesce(sum(item.total_minor), 0))
    """,
    "An item that is removed comes off its own bill, with its own amounts": """
        SELECT off.id FROM billing_billitem off
        JOIN billing_billitem item ON item.id = off.removes_id
        WHERE (off.bill_id, off.net_minor, off.tax_minor, off.source, off.tax_percent)
              <> (item.bill_id, -item.net_minor, -item.tax_minor, item.source, item.tax_percent)
    """,
    "An item of a bill counts once as revenue: its net price": """
        SELECT item.id FROM billing_billitem item
        LEFT JOIN analytics_revenueline r
            ON r.key = item.key AND r.location_id = item.location_id
        GROUP BY item.id
        HAVING count(r.id) <> 1
            OR bool_or((r.net_minor, r.source) <> (item.net_minor, item.source))
    """,
    "What is paid of a bill is the sum of its payments, in its currency": """
        SELECT b.id FROM billing_bill b
        LEFT JOIN billing_billpayment p ON p.bill_id = b.id
        GROUP BY b.id
        HAVING b.paid_minor <> coalesce(sum(p.amount_minor), 0)
            OR bool_or(p.currency <> b.currency)
    """,
    "An issued bill has something left to pay, a paid one nothing": """
        SELECT id FROM billing_bill
        WHERE state = 'issued' AND credited_minor + paid_minor >= total_minor
           OR state = 'paid' AND credited_minor + paid_minor < total_minor
           OR state = 'void' AND credited_minor <> total_minor
    """,
    "A credit note's total is the sum of its lines": """
        SELECT n.id FROM billing_creditnote n
        LEFT JOIN billing_creditnoteline line ON line.credit_note_id = n.id
        GROUP BY n.id
        HAVING (n.net_minor, n.tax_minor, n.total_minor)
               IS DISTINCT FROM (sum(line.net_minor), sum(line.tax_minor), sum(line.total_minor))
    """,
    "A bill is credited by its credit notes": """
        SELECT b.id FROM billing_bill b
        LEFT JOIN billing_creditnote n ON n.bill_id = b.id
        GROUP BY b.id
        HAVING b.credited_minor <> coalesce(sum(n.total_minor), 0)
            OR bool_or((n.customer_id, n.currency) <> (b.customer_id, b.currency))
    """,
    "A credit note credits items of its bill": """
        SELECT line.id FROM billing_creditnoteline line
        JOIN billing_creditnote n ON n.id = line.credit_note_id
        JOIN billing_billitem item ON item.id = line.bill_item_id
        WHERE item.bill_id IS DISTINCT FROM n.bill_id
    """,
    "A credit note credits the line of its receipt, for its customer": """
        SELECT line.id FROM billing_creditnoteline line
        JOIN billing_creditnote n ON n.id = line.credit_note_id
        JOIN billing_receiptline sold ON sold.id = line.receipt_line_id
        JOIN billing_receipt r ON r.id = sold.receipt_id
        WHERE n.receipt_id IS DISTINCT FROM r.id
           OR (n.customer_id, n.currency) <> (r.customer_id, r.currency)
    """,
    "A credit note cancels one of its own receipt, with its whole amount": """
        SELECT n.id FROM billing_creditnote n
        JOIN billing_creditnote cancelled ON cancelled.id = n.cancels_id
        WHERE (n.receipt_id, n.total_minor)
              IS DISTINCT FROM (cancelled.receipt_id, -cancelled.total_minor)
    """,
    "What is left of a receipt is its total without what was credited": """
        SELECT line.id FROM billing_receiptline line
        JOIN (
            SELECT receipt_line_id, sum(total_minor) AS total_minor, sum(tax_minor) AS tax_minor,
                   (array_agg(left_minor ORDER BY id DESC))[1] AS left_minor
            FROM billing_creditnoteline WHERE receipt_line_id IS NOT NULL
            GROUP BY receipt_line_id
        ) credited ON credited.receipt_line_id = line.id
        WHERE credited.left_minor <> line.total_minor - credited.total_minor
           OR abs(credited.tax_minor) > abs(line.tax_minor)
    """,
    "A credit note of a receipt takes its net price off the revenue of credits": """
        SELECT n.id FROM billing_creditnote n
        LEFT JOIN analytics_revenueline r ON r.key = n.key AND r.location_id = n.location_id
        WHERE n.receipt_id IS NOT NULL
          AND (r.net_minor, r.source) IS DISTINCT FROM (-n.net_minor, 'credits')
    """,
    "What is left of an item is its total without what was credited": """
        SELECT item.id FROM billing_billitem item
        JOIN billing_creditnoteline line ON line.bill_item_id = item.id
        GROUP BY item.id
        HAVING min(line.left_minor) <> item.total_minor - sum(line.total_minor)
            OR abs(sum(line.tax_minor)) > abs(item.tax_minor)
    """,
    "A credit note takes its net prices off the revenue": """
        SELECT line.id FROM billing_creditnoteline line
        JOIN billing_creditnote n ON n.id = line.credit_note_id
        JOIN billing_billitem item ON item.id = line.bill_item_id
        LEFT JOIN analytics_revenueline r
            ON r.key = 'credit-note:' || n.id || ':' || line.bill_item_id
           AND r.location_id = n.location_id
        WHERE (r.net_minor, r.source) IS DISTINCT FROM (-line.net_minor, item.source)
    """,
    "Each document that was issued was mailed then, or is owed that mail": """
        SELECT id FROM billing_bill b WHERE number <> '' AND NOT EXISTS (
            SELECT 1 FROM billing_documentmail m WHERE m.bill_id = b.id AND m.kind = 'issued'
        )
        UNION ALL
        SELECT id FROM billing_receipt r WHERE NOT EXISTS (
            SELECT 1 FROM billing_documentmail m WHERE m.receipt_id = r.id AND m.kind = 'issued'
        )
        UNION ALL
        SELECT id FROM billing_creditnote n WHERE NOT EXISTS (
            SELECT 1 FROM billing_documentmail m
            WHERE m.credit_note_id = n.id AND m.kind = 'issued'
        )
    """,
    "No mail of a document waits for its next try for more than 30 minutes": """
        SELECT id FROM billing_documentmail
        WHERE state = 'owed' AND next_try_at < now() - interval '30 minutes'
    """,
    **{FOLLOW.format(many=many): _follow(kind, table) for kind, table, many, _one in SERIES},
    **{STAND.format(one=one): _stand(kind, table) for kind, table, _many, one in SERIES},
    **same_location("billing"),
}
