from community.invariants import same_location

INVARIANTS = {
    "A receipt's total is the sum of its lines": """
        SELECT r.id FROM billing_receipt r
        LEFT JOIN billing_receiptline line ON line.receipt_id = r.id
        GROUP BY r.id
        HAVING (r.net_minor, r.tax_minor, r.total_minor)
               IS DISTINCT FROM (sum(line.net_minor), sum(line.tax_minor), sum(line.total_minor))
    """,
    "Receipts are numbered from 1 without gaps in their location": """
        SELECT location_id FROM billing_receipt
        GROUP BY location_id HAVING min(sequence) <> 1 OR max(sequence) <> count(*)
    """,
    "The counter stands at the last receipt of its location": """
        SELECT c.id FROM billing_documentcounter c
        LEFT JOIN billing_receipt r ON r.location_id = c.location_id
        WHERE c.kind = 'receipt'
        GROUP BY c.id HAVING c.last_number <> coalesce(max(r.sequence), 0)
    """,
    **same_location("billing"),
}
