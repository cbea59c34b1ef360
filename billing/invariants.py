from community.invariants import same_location

INVARIANTS = {
    "A receipt's total is the sum of its lines": """
        SELECT r.id FROM billing_receipt r
        LEFT JOIN billing_receiptline line ON line.receipt_id = r.id
        GROUP BY r.id
        HAVING (r.net_minor, r.tax_minor, r.total_minor)
               IS DISTINCT FROM (sum(line.net_minor), sum(line.tax_minor), sum(line.total_minor))
    """,
    "Receipts are numbered from 1 without gaps, but where an admin moved the number on": """
        SELECT r.id FROM (
            SELECT id, location_id, sequence,
                   lag(sequence, 1, 0) OVER (PARTITION BY location_id ORDER BY sequence) AS former
            FROM billing_receipt
        ) r
        WHERE r.sequence <> r.former + 1 AND NOT EXISTS (
            SELECT 1 FROM community_auditrecord a
            WHERE a.location_id = r.location_id
              AND a.after ->> 'next_receipt' = r.sequence::text
        )
    """,
    "The counter stands at the last receipt, or where an admin moved the number on": """
        SELECT c.id FROM billing_documentcounter c
        LEFT JOIN billing_receipt r ON r.location_id = c.location_id
        WHERE c.kind = 'receipt'
        GROUP BY c.id
        HAVING c.last_number < coalesce(max(r.sequence), 0)
            OR c.last_number > coalesce(max(r.sequence), 0) AND NOT EXISTS (
                SELECT 1 FROM community_auditrecord a
                WHERE a.location_id = c.location_id
                  AND a.after ->> 'next_receipt' = (c.last_number + 1)::text
            )
    """,
    **same_location("billing"),
}
