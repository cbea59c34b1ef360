import django.db.models.deletion
import notifications.models.notifications
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Where these have run, it counts as run.
    replaces = [
        ("notifications", "0001_initial"),
        ("notifications", "0002_kinds_of_people"),
        ("notifications", "0003_kinds_of_plans_and_companies"),
        ("notifications", "0004_transfers_that_are_due"),
        ("notifications", "0005_kinds_of_alarms"),
        ("notifications", "0006_deliveries"),
    ]

    initial = True

    dependencies = [
        ("community", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=notifications.models.notifications.known_kinds,
                        max_length=30,
                        verbose_name="kind",
                    ),
                ),
                ("facts", models.JSONField(default=dict, verbose_name="facts")),
                ("key", models.CharField(max_length=80, verbose_name="key")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                (
                    "planned_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since then they are rows.",
                        null=True,
                        verbose_name="deliveries planned",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "indexes": [
                    models.Index(fields=["user", "location", "-id"], name="notification_by_user"),
                    models.Index(
                        condition=models.Q(("read_at", None)),
                        fields=["user", "location"],
                        name="notification_unread",
                    ),
                    models.Index(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["bill_due", "bill_overdue", "bills_overdue", "credits_lapsing"],
                            )
                        ),
                        fields=["key"],
                        name="notification_by_calendar",
                    ),
                    models.Index(
                        condition=models.Q(("planned_at", None)),
                        fields=["id"],
                        name="notification_to_plan",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"), models.F("key"), name="notification_once_per_user_and_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=30, verbose_name="kind")),
                (
                    "channel",
                    models.CharField(
                        choices=[("app", "In Deskmint"), ("push", "Push"), ("email", "Email")],
                        max_length=5,
                        verbose_name="channel",
                    ),
                ),
                ("wanted", models.BooleanField(verbose_name="wanted")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "preference",
                "verbose_name_plural": "preferences",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"),
                        models.F("kind"),
                        models.F("channel"),
                        name="preference_once_per_kind_and_channel",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["app", "push", "email"])),
                        name="preference_channel_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PushSubscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "endpoint",
                    models.CharField(
                        blank=True, max_length=1000, verbose_name="address at the push service"
                    ),
                ),
                (
                    "p256dh",
                    models.CharField(blank=True, max_length=100, verbose_name="key of the browser"),
                ),
                (
                    "auth",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="secret of the browser"
                    ),
                ),
                (
                    "session_key",
                    models.CharField(blank=True, max_length=40, verbose_name="session"),
                ),
                (
                    "browser",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="browser"
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="push_subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "device for pushes",
                "verbose_name_plural": "devices for pushes",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["user"], name="push_live"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("endpoint"),
                        condition=models.Q(("ended_at", None)),
                        name="push_endpoint_has_one_owner",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at", None),
                                models.Q(("endpoint", ""), _negated=True),
                                models.Q(("p256dh", ""), _negated=True),
                                models.Q(("auth", ""), _negated=True),
                            ),
                            models.Q(
                                ("auth", ""),
                                ("ended_at__isnull", False),
                                ("endpoint", ""),
                                ("p256dh", ""),
                                ("session_key", ""),
                            ),
                            _connector="OR",
                        ),
                        name="push_ended_keeps_no_keys",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("push", "Push"), ("email", "Email")],
                        max_length=5,
                        verbose_name="channel",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("owed", "To be sent"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("dropped", "Not sent"),
                            ("failed", "Given up"),
                        ],
                        default="owed",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("tried_at", models.DateTimeField(blank=True, null=True, verbose_name="tried")),
                ("next_try_at", models.DateTimeField(verbose_name="next try")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("silenced", "They don't want this kind any more"),
                            ("not_active", "They are no active member any more"),
                            ("no_role", "They don't run the location any more"),
                            ("left_company", "They left the company"),
                            ("signed_out", "The device is signed out"),
                            ("device_gone", "The device takes no pushes any more"),
                            ("closed", "The account is closed"),
                            ("refused", "It was refused"),
                            ("tried_enough", "It was tried often enough"),
                            ("unknown", "Whether it came is unknown, and it is sent once at most"),
                        ],
                        default="",
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                (
                    "trouble",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="trouble"
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="notifications.notification",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="notifications.pushsubscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "owed")),
                        fields=["next_try_at", "id"],
                        name="delivery_to_do",
                    ),
                    models.Index(
                        condition=models.Q(("state", "sending")),
                        fields=["tried_at"],
                        name="delivery_under_way",
                    ),
                    models.Index(fields=["location", "-id"], name="delivery_by_location"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("notification"),
                        models.F("channel"),
                        models.F("subscription"),
                        name="delivery_once_per_device",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("channel", "push"), ("subscription__isnull", False)),
                            models.Q(("channel", "email"), ("subscription", None)),
                            _connector="OR",
                        ),
                        name="delivery_push_has_its_device",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state__in", ["owed", "sending"])),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("state__in", ["sent", "dropped", "failed"]),
                            ),
                            _connector="OR",
                        ),
                        name="delivery_ended_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["dropped", "failed"]), ("reason", ""), _connector="XOR"
                        ),
                        name="delivery_that_did_not_happen_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BalanceWish",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "below",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="below"),
                ),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="told")),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balance_wish",
                        to="community.customer",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "low balance",
                "verbose_name_plural": "low balances",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("below__gt", 0)), name="balance_wish_is_above_nothing"
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="delivery",
            trigger=pgtrigger.compiler.Trigger(
                name="delivery_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="40b840a37b7383da10694c17a847993f7c401921",
                    operation="DELETE",
                    pgid="pgtrigger_delivery_never_deleted_c1077",
                    table="notifications_delivery",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="delivery",
            trigger=pgtrigger.compiler.Trigger(
                name="delivery_ended_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NOT (OLD.\"state\" IN ('owed', 'sending')))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="d8c3cfc9091b9cfb6d70395a44f2a60b2ef7dfb7",
                    operation="UPDATE",
                    pgid="pgtrigger_delivery_ended_stays_26a60",
                    table="notifications_delivery",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="delivery",
            trigger=pgtrigger.compiler.Trigger(
                name="delivery_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="211fb72121abb23a94d8060edbadeb429665b478",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_delivery_no_truncate_4496f",
                    table="notifications_delivery",
                    when="BEFORE",
                ),
            ),
        ),
    ]
