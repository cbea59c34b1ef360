from django.db import migrations, models

EMPTY = """
LOCK TABLE analytics_revenuemonth IN ACCESS EXCLUSIVE MODE;
DELETE FROM analytics_revenuemonth;
"""

SUM_UP = """
INSERT INTO analytics_revenuemonth
    (location_id, month, source, method, option, slot, net_minor, lines)
SELECT line.location_id,
       date_trunc('month', line.happened_at AT TIME ZONE place.time_zone)::date, line.source,
       line.method, CASE line.source WHEN 'credits' THEN line.label ELSE '' END, 0,
       sum(line.net_minor), count(*)
FROM analytics_revenueline line JOIN community_location place ON place.id = line.location_id
GROUP BY 1, 2, 3, 4, 5
"""

SUM_UP_BY_SOURCE = """
INSERT INTO analytics_revenuemonth (location_id, month, source, slot, net_minor, lines)
SELECT line.location_id,
       date_trunc('month', line.happened_at AT TIME ZONE place.time_zone)::date, line.source, 0,
       sum(line.net_minor), count(*)
FROM analytics_revenueline line JOIN community_location place ON place.id = line.location_id
GROUP BY 1, 2, 3
"""


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0003_month_is_the_rollups_to_say"),
    ]

    operations = [
        migrations.RunSQL(EMPTY, SUM_UP_BY_SOURCE),
        migrations.RemoveConstraint(
            model_name="revenuemonth",
            name="revenue_month_once_per_slot",
        ),
        migrations.AddField(
            model_name="revenuemonth",
            name="method",
            field=models.CharField(default="", max_length=20, verbose_name="method"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="revenuemonth",
            name="option",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The label of credits, else nothing.",
                max_length=100,
                verbose_name="option",
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="revenueline",
            index=models.Index(fields=["location", "happened_at"], name="revenue_line_by_time"),
        ),
        migrations.AddConstraint(
            model_name="revenuemonth",
            constraint=models.UniqueConstraint(
                models.F("location"),
                models.F("month"),
                models.F("source"),
                models.F("method"),
                models.F("option"),
                models.F("slot"),
                name="revenue_month_once_per_slot",
            ),
        ),
        migrations.AddConstraint(
            model_name="revenuemonth",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", "credits"), ("option", ""), _connector="OR"),
                name="revenue_month_has_options_of_credits_only",
            ),
        ),
        migrations.RunSQL(SUM_UP, EMPTY),
    ]
