from community.invariants import same_location

INVARIANTS = {
    "The months of revenue are the sums of their lines": """
        SELECT coalesce(line.location_id, rollup.location_id)
        FROM (
            SELECT r.location_id, r.source, r.method,
                   CASE r.source WHEN 'credits' THEN r.label ELSE '' END AS option,
                   sum(r.net_minor) AS net_minor, count(*) AS lines,
                   date_trunc('month', r.happened_at AT TIME ZONE l.time_zone)::date AS month
            FROM analytics_revenueline r JOIN community_location l ON l.id = r.location_id
            GROUP BY 1, 2, 3, 4, month
        ) line
        FULL JOIN (
            SELECT location_id, month, source, method, option, sum(net_minor) AS net_minor,
                   sum(lines) AS lines
            FROM analytics_revenuemonth GROUP BY 1, 2, 3, 4, 5
        ) rollup USING (location_id, month, source, method, option)
        WHERE (line.net_minor, line.lines) IS DISTINCT FROM (rollup.net_minor, rollup.lines)
    """,
    "Revenue is in the currency of its location": """
        SELECT r.id FROM analytics_revenueline r
        JOIN community_location l ON l.id = r.location_id
        WHERE r.currency <> l.currency
    """,
    **same_location("analytics"),
}
