import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Where these have run, it counts as run.
    replaces = [
        ("credits", "0001_initial"),
        ("credits", "0002_holds"),
        ("credits", "0003_keys_that_spend"),
        ("credits", "0004_index_what_analytics_reads"),
        ("credits", "0005_credits_are_restored"),
    ]

    initial = True

    dependencies = [
        ("community", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Wallet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "balance",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=12,
                        verbose_name="balance",
                    ),
                ),
                (
                    "held",
                    models.DecimalField(
                        db_default=Decimal("0"),
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=12,
                        verbose_name="held",
                    ),
                ),
                ("last_position", models.BigIntegerField(default=0, verbose_name="last position")),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wallet",
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
                "verbose_name": "wallet",
                "verbose_name_plural": "wallets",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("balance__gte", 0)), name="wallet_balance_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("held__gte", 0), ("held__lte", models.F("balance"))),
                        name="wallet_holds_no_more_than_it_has",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "credits",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="Positive when added.",
                        max_digits=12,
                        verbose_name="credits",
                    ),
                ),
                (
                    "position",
                    models.BigIntegerField(
                        help_text="The entry's place in its wallet, from 1.",
                        verbose_name="position",
                    ),
                ),
                (
                    "balance_after",
                    models.DecimalField(
                        decimal_places=2, max_digits=12, verbose_name="balance after"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("purchase", "Purchase"),
                            ("plan", "Plan"),
                            ("given", "Given"),
                            ("imported", "Imported"),
                            ("spending", "Spending"),
                            ("deduction", "Deduction"),
                            ("reversal", "Reversal"),
                            ("restoration", "Restoration"),
                            ("lapse", "Lapse"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="note"),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=100,
                        verbose_name="reference",
                    ),
                ),
                (
                    "idempotency_key",
                    models.CharField(max_length=80, verbose_name="idempotency key"),
                ),
                ("happened_at", models.DateTimeField(verbose_name="happened")),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.apikey",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reverses",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="credits.entry",
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="credits.wallet",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger entry",
                "verbose_name_plural": "ledger entries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("reason__in", ("given", "imported", "plan"))),
                        fields=["location", "happened_at"],
                        name="entry_added_without_sale",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("wallet"),
                        models.F("position"),
                        name="entry_has_one_place_in_its_wallet",
                    ),
                    models.UniqueConstraint(
                        models.F("wallet"), models.F("idempotency_key"), name="entry_once_per_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credits", 0), _negated=True),
                        name="entry_moves_credits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance_after__gte", 0)), name="entry_never_overdraws"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", ["reversal", "restoration"]),
                            ("reverses__isnull", True),
                            _connector="XOR",
                        ),
                        name="entry_names_what_it_reverses",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("credits__gt", 0), ("reason", "reversal")),
                        fields=("reverses",),
                        name="entry_gives_a_spend_back_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "credits",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="credits"),
                ),
                (
                    "remaining",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="remaining"),
                ),
                (
                    "held",
                    models.DecimalField(
                        db_default=Decimal("0"),
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=12,
                        verbose_name="held",
                    ),
                ),
                ("lapses_at", models.DateTimeField(blank=True, null=True, verbose_name="lapses")),
                (
                    "paid_minor",
                    models.BigIntegerField(
                        default=0,
                        help_text="Net price of the whole lot.",
                        verbose_name="paid, minor units",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lot",
                        to="credits.entry",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lots",
                        to="credits.wallet",
                    ),
                ),
            ],
            options={
                "verbose_name": "lot",
                "verbose_name_plural": "lots",
                "indexes": [
                    models.Index(
                        condition=models.Q(("remaining__gt", 0)),
                        fields=["wallet", "lapses_at"],
                        name="lot_not_empty",
                    ),
                    models.Index(
                        condition=models.Q(("lapses_at__isnull", False), ("remaining__gt", 0)),
                        fields=["lapses_at"],
                        name="lot_that_will_lapse",
                    ),
                    models.Index(
                        condition=models.Q(("paid_minor__gt", 0), ("remaining__gt", 0)),
                        fields=["location"],
                        name="lot_paid_and_not_empty",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("remaining__gte", 0), ("remaining__lte", models.F("credits"))
                        ),
                        name="lot_holds_between_nothing_and_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("held__gte", 0), ("held__lte", models.F("remaining"))),
                        name="lot_holds_back_what_is_there",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credits__gt", 0)), name="lot_starts_with_credits"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("paid_minor__gte", 0)), name="lot_price_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LotMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "credits",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="credits"),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="credits.entry",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="credits.lot",
                    ),
                ),
            ],
            options={
                "verbose_name": "lot movement",
                "verbose_name_plural": "lot movements",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("lot"), models.F("entry"), name="lot_moved_once_per_entry"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credits", 0), _negated=True),
                        name="lot_movement_moves_credits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "credits",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="credits"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("captured", "Captured"),
                            ("released", "Released"),
                            ("expired", "Expired"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="note"),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, default="", max_length=100, verbose_name="reference"
                    ),
                ),
                (
                    "idempotency_key",
                    models.CharField(max_length=80, verbose_name="idempotency key"),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.apikey",
                    ),
                ),
                (
                    "capture",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="captured_hold",
                        to="credits.entry",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="credits.wallet",
                    ),
                ),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["expires_at"],
                        name="hold_that_will_expire",
                    ),
                    models.Index(fields=["wallet", "expires_at"], name="hold_by_wallet"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("wallet"), models.F("idempotency_key"), name="hold_once_per_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credits__gt", 0)), name="hold_sets_credits_aside"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="hold_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state", "open")),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("state__in", ["captured", "released", "expired"]),
                            ),
                            _connector="OR",
                        ),
                        name="hold_closed_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "captured"), ("capture__isnull", True), _connector="XOR"
                        ),
                        name="hold_captured_has_its_entry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditOption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "credits",
                    models.DecimalField(
                        decimal_places=2, max_digits=12, verbose_name="number of credits"
                    ),
                ),
                ("price_minor", models.BigIntegerField(verbose_name="price, minor units")),
                (
                    "expiry_months",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="expiry"),
                ),
                ("position", models.PositiveIntegerField(verbose_name="position")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "archived_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="archived"),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "credit option",
                "verbose_name_plural": "credit options",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("credits__gt", 0)), name="option_sells_credits"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_minor__gt", 0)), name="option_has_a_price"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expiry_months", None), ("expiry_months__gt", 0), _connector="OR"
                        ),
                        name="option_expiry_is_in_the_future",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("location", "credits", "price_minor", "expiry_months"),
                        name="option_on_sale_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "credits",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="credits"),
                ),
                ("icon", models.CharField(default="coins", max_length=40, verbose_name="icon")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "use of credits",
                "verbose_name_plural": "uses of credits",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("credits__gt", 0)), name="use_takes_credits"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldLot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "credits",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="credits"),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="credits.hold",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="held_parts",
                        to="credits.lot",
                    ),
                ),
            ],
            options={
                "verbose_name": "held part of a lot",
                "verbose_name_plural": "held parts of lots",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("hold"), models.F("lot"), name="held_lot_once_per_hold"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credits__gte", 0)), name="held_lot_not_negative"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="heldlot",
            trigger=pgtrigger.compiler.Trigger(
                name="held_lot_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="153dac0dff6e8473306cc7c8e4c29024036023eb",
                    operation="DELETE",
                    pgid="pgtrigger_held_lot_never_deleted_6d49e",
                    table="credits_heldlot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="heldlot",
            trigger=pgtrigger.compiler.Trigger(
                name="held_lot_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="2a165ce104314d991bd75ce853b281c78b4755dc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_held_lot_no_truncate_fac4a",
                    table="credits_heldlot",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lotmovement",
            trigger=pgtrigger.compiler.Trigger(
                name="lot_movement_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8e222b63b3bb40ee26ff41b8408ba5baa84852df",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_lot_movement_append_only_e22de",
                    table="credits_lotmovement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lotmovement",
            trigger=pgtrigger.compiler.Trigger(
                name="lot_movement_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="b2e9afd0b0837f8f2c04762a01655977d92a296f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_lot_movement_no_truncate_13e9b",
                    table="credits_lotmovement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="hold",
            trigger=pgtrigger.compiler.Trigger(
                name="hold_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c1900344b119835c8ed722f2fcda7066dd032e6b",
                    operation="DELETE",
                    pgid="pgtrigger_hold_never_deleted_9c677",
                    table="credits_hold",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="hold",
            trigger=pgtrigger.compiler.Trigger(
                name="hold_state_moves_forward",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{open:captured,open:released,open:expired}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="2e3e3ab511aba961ac97c32d224051ce0f83ec8a",
                    operation="UPDATE",
                    pgid="pgtrigger_hold_state_moves_forward_23ad5",
                    table="credits_hold",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="hold",
            trigger=pgtrigger.compiler.Trigger(
                name="hold_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="7aaad7dfa82d4a71856a643b504057695c2515d1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_hold_no_truncate_b6aa5",
                    table="credits_hold",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entry",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e928b22c4c0c14c61692035c751d4c0ab3f1cd46",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_entry_append_only_93f97",
                    table="credits_entry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entry",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="a3a350e8eec270cb51c0de9db7d5b4c8c627b884",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_entry_no_truncate_9f1e3",
                    table="credits_entry",
                    when="BEFORE",
                ),
            ),
        ),
    ]
