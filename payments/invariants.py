from community.invariants import same_location

INVARIANTS = {
    "No event waits for more than 15 minutes": """
        SELECT id FROM payments_gatewayevent
        WHERE processed_at IS NULL AND received_at < now() - interval '15 minutes'
    """,
    "A charge that was heard of was sent": """
        SELECT id FROM payments_transaction
        WHERE kind = 'charge' AND submitted_at IS NULL
          AND (state = 'succeeded' OR reference <> '')
    """,
    "A card belongs to the customer that is charged": """
        SELECT t.id FROM payments_transaction t JOIN payments_card card ON card.id = t.card_id
        WHERE (card.customer_id, card.connection_id) <> (t.customer_id, t.connection_id)
    """,
    "A card that was entered is kept or let go when its attempt settles": """
        SELECT card.id FROM payments_card card
        JOIN payments_transaction t ON t.card_id = card.id
        WHERE card.state = 'entered' GROUP BY card.id HAVING bool_and(t.state <> 'pending')
    """,
    "A charge under way has the key to settle it": """
        SELECT t.id FROM payments_transaction t
        JOIN payments_gatewayconnection connection ON connection.id = t.connection_id
        WHERE t.state = 'pending' AND connection.state = 'disconnected'
    """,
    "Only a bank transfer has a day until which it is awaited": """
        SELECT t.id FROM payments_transaction t
        JOIN payments_gatewayconnection connection ON connection.id = t.connection_id
        WHERE (connection.gateway = 'bank_transfer') <> (t.due_on IS NOT NULL)
          AND t.kind = 'charge'
    """,
    "A transfer that was paid says on which day": """
        SELECT id FROM payments_transaction
        WHERE due_on IS NOT NULL AND (state = 'succeeded') <> (received_on IS NOT NULL)
    """,
    "No transfer is awaited for more than a day after its last": """
        SELECT id FROM payments_transaction
        WHERE due_on IS NOT NULL AND state = 'pending'
          AND due_on < (now() - interval '2 days')::date
    """,
    "Another amount than was asked for is on the list to review": """
        SELECT r.id FROM payments_reviewcase r
        JOIN payments_transaction t ON t.id = r.charge_id
        WHERE r.reason = 'amount' AND (r.received_minor = t.amount_minor OR t.due_on IS NULL)
    """,
    "What is taken back of a charge is the sum of its refunds and disputes": """
        SELECT t.id FROM payments_transaction t
        LEFT JOIN payments_transaction taking
            ON taking.charge_id = t.id AND taking.state = 'succeeded'
        WHERE t.kind = 'charge'
        GROUP BY t.id
        HAVING t.taken_back_minor <> coalesce(sum(taking.amount_minor - taking.extra_minor), 0)
    """,
    "What is given back of more than was asked is what its refunds and disputes gave of it": """
        SELECT t.id FROM payments_transaction t
        LEFT JOIN payments_transaction taking
            ON taking.charge_id = t.id AND taking.state = 'succeeded'
        WHERE t.kind = 'charge'
        GROUP BY t.id HAVING t.extra_back_minor <> coalesce(sum(taking.extra_minor), 0)
    """,
    "Only a charge that succeeded brought more than was asked": """
        SELECT id FROM payments_transaction
        WHERE kind = 'charge' AND extra_minor > 0 AND state <> 'succeeded'
    """,
    "A refund or dispute is of a charge of its customer, at its gateway, in its currency": """
        SELECT taking.id FROM payments_transaction taking
        JOIN payments_transaction t ON t.id = taking.charge_id
        WHERE (t.kind, t.customer_id, t.connection_id, t.currency)
              <> ('charge', taking.customer_id, taking.connection_id, taking.currency)
    """,
    **same_location("payments"),
}
