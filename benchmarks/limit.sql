-- The limit: every write of a settled gateway purchase in one call, by the server alone.
-- The rules are left out, the rows, constraints, triggers and locks are Deskmint's own.
CREATE FUNCTION bench_settle(the_transaction bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    f record;
    at timestamptz := clock_timestamp();
    the_month date;
    the_wallet record;
    the_entry bigint;
    the_number bigint;
    the_receipt bigint;
    the_key text;
    what text;
BEGIN
    SELECT t.location_id, t.customer_id, t.made_by_id, t.currency, t.paid_with, t.key,
           p.id, p.credits, p.net_minor, p.tax_minor, p.total_minor, p.tax_name, p.tax_percent,
           u.id AS user_id, u.name AS user_name, u.email, l.time_zone, l.legal_name, l.address,
           l.vat_number, g.gateway
    INTO f
    FROM payments_transaction t
    JOIN payments_gatewayconnection g ON g.id = t.connection_id
    JOIN membership_purchase p ON p.charge_id = t.id
    JOIN community_customer c ON c.id = p.customer_id
    JOIN community_member m ON m.id = c.member_id
    JOIN community_user u ON u.id = m.user_id
    JOIN community_location l ON l.id = p.location_id
    WHERE t.id = the_transaction AND t.state = 'pending'
    FOR NO KEY UPDATE OF t, p;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction % is not pending', the_transaction;
    END IF;
    the_key := 'purchase:' || f.id;
    what := trim_scale(f.credits) || ' credits';
    the_month := date_trunc('month', at AT TIME ZONE f.time_zone);

    UPDATE payments_transaction
    SET state = 'succeeded', reference = 'pi_' || the_transaction, settled_at = at
    WHERE id = the_transaction;

    INSERT INTO credits_wallet AS w (location_id, customer_id, balance, last_position)
    VALUES (f.location_id, f.customer_id, f.credits, 1)
    ON CONFLICT (customer_id) DO UPDATE
    SET balance = w.balance + EXCLUDED.balance, last_position = w.last_position + 1
    RETURNING id, balance, last_position INTO the_wallet;

    INSERT INTO credits_entry (location_id, wallet_id, credits, position, balance_after, reason,
                               note, idempotency_key, made_by_id, happened_at)
    VALUES (f.location_id, the_wallet.id, f.credits, the_wallet.last_position, the_wallet.balance,
            'purchase', '', the_key, f.made_by_id, at)
    RETURNING id INTO the_entry;

    INSERT INTO credits_lot (location_id, wallet_id, entry_id, credits, remaining, paid_minor)
    VALUES (f.location_id, the_wallet.id, the_entry, f.credits, f.credits, f.net_minor);

    INSERT INTO notifications_notification (location_id, user_id, kind, facts, key, created_at)
    VALUES (f.location_id, f.user_id, 'credits_added',
            jsonb_build_object('credits', f.credits::text, 'balance', the_wallet.balance::text,
                               'purchase', f.key::text),
            the_key, at)
    ON CONFLICT (user_id, key) DO NOTHING;

    INSERT INTO billing_documentcounter AS c (location_id, kind, last_number)
    VALUES (f.location_id, 'receipt', 1)
    ON CONFLICT (location_id, kind) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number INTO the_number;

    INSERT INTO billing_receipt
        (location_id, customer_id, sequence, number, issued_at, paid_at, paid_with, currency,
         net_minor, tax_minor, total_minor, seller, buyer)
    VALUES (f.location_id, f.customer_id, the_number,
            'R-' || extract(year FROM the_month) || '-'
                || lpad(the_number::text, greatest(4, length(the_number::text)), '0'),
            at, at, f.paid_with, f.currency, f.net_minor, f.tax_minor, f.total_minor,
            jsonb_build_object('name', f.legal_name, 'address', f.address,
                               'vat_number', f.vat_number),
            jsonb_build_object('name', f.user_name, 'email', f.email))
    RETURNING id INTO the_receipt;

    INSERT INTO billing_receiptline
        (receipt_id, description, net_minor, tax_minor, total_minor, tax_name, tax_percent)
    VALUES (the_receipt, what, f.net_minor, f.tax_minor, f.total_minor, f.tax_name, f.tax_percent);

    UPDATE membership_purchase
    SET state = 'completed', accrual_id = the_entry, receipt_id = the_receipt, completed_at = at
    WHERE id = f.id;

    INSERT INTO analytics_revenueline
        (location_id, source, method, label, net_minor, currency, key, happened_at)
    VALUES (f.location_id, 'credits', f.gateway, what, f.net_minor, f.currency, the_key, at);

    INSERT INTO analytics_revenuemonth AS rollup
        (location_id, month, source, slot, net_minor, lines)
    VALUES (f.location_id, the_month, 'credits', f.id % 4, f.net_minor, 1)
    ON CONFLICT (location_id, month, source, slot)
    DO UPDATE SET net_minor = rollup.net_minor + EXCLUDED.net_minor, lines = rollup.lines + 1;

    RETURN the_receipt;
END $$;
