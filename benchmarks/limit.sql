-- The limit: every write of a purchase on the bill in one call, by the server alone. The rules and
-- their locks are left out; the rows, constraints, triggers and locks of writing are Deskmint's own.
CREATE FUNCTION bench_buy(the_member bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    f record;
    at timestamptz := clock_timestamp();
    the_id bigint := nextval('membership_purchase_id_seq');
    the_uuid uuid := gen_random_uuid();
    the_key text := 'purchase:' || the_id;
    the_wallet record;
    the_item bigint;
    the_entry bigint;
    net bigint;
    tax bigint;
    what text;
BEGIN
    SELECT l.id AS location_id, l.currency, l.time_zone, l.tax_name, l.tax_percent, l.tax_included,
           c.id AS customer_id, m.user_id, a.id AS assignment_id, plan.discount_percent,
           b.id AS bill_id, o.id AS option_id, o.credits, o.price_minor
    INTO f
    FROM community_member m
    JOIN community_location l ON l.id = m.location_id
    JOIN community_customer c ON c.member_id = m.id
    JOIN membership_planassignment a ON a.customer_id = c.id AND a.ends_on IS NULL
    JOIN membership_plan plan ON plan.id = a.plan_id
    JOIN billing_bill b ON b.customer_id = c.id AND b.state = 'active'
    JOIN credits_creditoption o ON o.location_id = l.id AND o.position = 1
    WHERE m.id = the_member;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'member % has no active bill', the_member;
    END IF;
    net := f.price_minor - round(f.price_minor * f.discount_percent / 100);
    tax := round(net * f.tax_percent / 100);
    what := trim_scale(f.credits) || ' credits';

    UPDATE billing_bill
    SET net_minor = net_minor + net, tax_minor = tax_minor + tax,
        total_minor = total_minor + net + tax
    WHERE id = f.bill_id;

    INSERT INTO billing_billitem
        (location_id, bill_id, source, description, net_minor, tax_minor, total_minor, tax_name,
         tax_percent, exemption, key, added_by_id, added_at)
    VALUES (f.location_id, f.bill_id, 'credits', what, net, tax, net + tax, f.tax_name,
            f.tax_percent, '', the_key, f.user_id, at)
    RETURNING id INTO the_item;

    INSERT INTO credits_wallet AS w (location_id, customer_id, balance, last_position)
    VALUES (f.location_id, f.customer_id, f.credits, 1)
    ON CONFLICT (customer_id) DO UPDATE
    SET balance = w.balance + EXCLUDED.balance, last_position = w.last_position + 1
    RETURNING id, balance, last_position INTO the_wallet;

    INSERT INTO credits_entry (location_id, wallet_id, credits, position, balance_after, reason,
                               note, idempotency_key, made_by_id, happened_at)
    VALUES (f.location_id, the_wallet.id, f.credits, the_wallet.last_position, the_wallet.balance,
            'purchase', '', the_key, f.user_id, at)
    RETURNING id INTO the_entry;

    INSERT INTO credits_lot (location_id, wallet_id, entry_id, credits, remaining, paid_minor)
    VALUES (f.location_id, the_wallet.id, the_entry, f.credits, f.credits, net);

    INSERT INTO notifications_notification (location_id, user_id, kind, facts, key, created_at)
    VALUES (f.location_id, f.user_id, 'credits_added',
            jsonb_build_object('credits', f.credits::text, 'balance', the_wallet.balance::text,
                               'purchase', the_uuid::text, 'company', '',
                               'company_id', NULL),
            the_key, at)
    ON CONFLICT (user_id, key) DO NOTHING;

    INSERT INTO membership_purchase
        (id, location_id, key, customer_id, bought_by_id, option_id, credits, currency,
         list_price_minor, discount_percent, assignment_id, net_minor, tax_minor, total_minor,
         tax_name, tax_percent, tax_included, exemption, method, state, bill_item_id, accrual_id, created_at,
         completed_at)
    VALUES (the_id, f.location_id, the_uuid, f.customer_id, the_member, f.option_id, f.credits,
            f.currency, f.price_minor, f.discount_percent, f.assignment_id, net, tax, net + tax,
            f.tax_name, f.tax_percent, f.tax_included, '', 'bill', 'completed', the_item, the_entry, at,
            at);

    INSERT INTO analytics_revenueline
        (location_id, source, method, label, net_minor, currency, key, happened_at)
    VALUES (f.location_id, 'credits', 'bill', what, net, f.currency, the_key, at);

    INSERT INTO analytics_revenuemonth AS rollup
        (location_id, month, source, method, option, slot, net_minor, lines)
    VALUES (f.location_id, date_trunc('month', at AT TIME ZONE f.time_zone), 'credits', 'bill',
            what, the_id % 4, net, 1)
    ON CONFLICT (location_id, month, source, method, option, slot)
    DO UPDATE SET net_minor = rollup.net_minor + EXCLUDED.net_minor, lines = rollup.lines + 1;

    RETURN the_id;
END $$;
