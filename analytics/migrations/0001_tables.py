import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    # Where these have run, it counts as run.
    replaces = [
        ("analytics", "0001_initial"),
        ("analytics", "0002_initial"),
        ("analytics", "0003_month_is_the_rollups_to_say"),
        ("analytics", "0004_cut_by_method_and_option"),
    ]

    initial = True

    dependencies = [
        ("community", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="RevenueLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("credits", "Credits"), ("plans", "Plans"), ("other", "Other")],
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                ("method", models.CharField(max_length=20, verbose_name="method")),
                ("label", models.CharField(max_length=100, verbose_name="label")),
                ("net_minor", models.BigIntegerField(verbose_name="net, minor units")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("key", models.CharField(max_length=80, verbose_name="key")),
                ("happened_at", models.DateTimeField(verbose_name="happened")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "revenue line",
                "verbose_name_plural": "revenue lines",
                "indexes": [
                    models.Index(fields=["location", "happened_at"], name="revenue_line_by_time")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"), models.F("key"), name="revenue_line_once_per_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["credits", "plans", "other"])),
                        name="revenue_source_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevenueMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "month",
                    models.DateField(
                        help_text="The first day, in the location's time zone.",
                        verbose_name="month",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("credits", "Credits"), ("plans", "Plans"), ("other", "Other")],
                        max_length=10,
                        verbose_name="source",
                    ),
                ),
                ("method", models.CharField(max_length=20, verbose_name="method")),
                (
                    "option",
                    models.CharField(
                        blank=True,
                        help_text="The label of credits, else nothing.",
                        max_length=100,
                        verbose_name="option",
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField(verbose_name="slot")),
                ("net_minor", models.BigIntegerField(verbose_name="net, minor units")),
                ("lines", models.PositiveIntegerField(verbose_name="lines")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "revenue month",
                "verbose_name_plural": "revenue months",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("month"),
                        models.F("source"),
                        models.F("method"),
                        models.F("option"),
                        models.F("slot"),
                        name="revenue_month_once_per_slot",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source", "credits"), ("option", ""), _connector="OR"),
                        name="revenue_month_has_options_of_credits_only",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="revenue_month_is_its_first_day"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="revenueline",
            trigger=pgtrigger.compiler.Trigger(
                name="revenue_line_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a38317c7d1952613926f3dcff296c936a8865647",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_revenue_line_append_only_944b6",
                    table="analytics_revenueline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="revenueline",
            trigger=pgtrigger.compiler.Trigger(
                name="revenue_line_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="95358ba2faa7e9dd6e0392d4620e80c8ab5f205f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_revenue_line_no_truncate_f363f",
                    table="analytics_revenueline",
                    when="BEFORE",
                ),
            ),
        ),
    ]
