-- The limit: every write of a spend in one call, by the server alone, from the wallet's first lot.
-- The rules are left out; the rows, constraints, triggers and locks of writing are Deskmint's own.
CREATE FUNCTION bench_spend(the_member bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    w record;
    the_lot bigint;
    the_entry bigint;
BEGIN
    UPDATE credits_wallet AS wallet
    SET balance = wallet.balance - 1, last_position = wallet.last_position + 1
    FROM community_customer c WHERE c.member_id = the_member AND wallet.customer_id = c.id
    RETURNING wallet.id, wallet.location_id, wallet.balance, wallet.last_position INTO w;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'member % has no wallet', the_member;
    END IF;

    INSERT INTO credits_entry (location_id, wallet_id, credits, position, balance_after, reason,
                               note, idempotency_key, happened_at)
    VALUES (w.location_id, w.id, -1, w.last_position, w.balance, 'spending', 'Desk',
            gen_random_uuid()::text, clock_timestamp())
    RETURNING id INTO the_entry;

    UPDATE credits_lot SET remaining = remaining - 1
    WHERE id = (SELECT id FROM credits_lot WHERE wallet_id = w.id AND remaining > held
                ORDER BY lapses_at NULLS LAST, id LIMIT 1)
    RETURNING id INTO the_lot;

    INSERT INTO credits_lotmovement (lot_id, entry_id, credits) VALUES (the_lot, the_entry, -1);
    RETURN the_entry;
END $$;
