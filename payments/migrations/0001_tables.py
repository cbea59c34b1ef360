import django.db.models.deletion
import community.encryption
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Where these have run, it counts as run.
    replaces = [
        ("payments", "0001_initial"),
        ("payments", "0002_charges_of_bills"),
        ("payments", "0003_connecting_in_the_browser"),
        ("payments", "0004_what_does_not_fit_is_reviewed"),
        ("payments", "0005_bank_transfers"),
        ("payments", "0006_reviews_of_mismatches"),
        ("payments", "0007_charges_are_asked_about_in_turn"),
        ("payments", "0008_alarms"),
        ("payments", "0009_gateways_by_registry"),
        ("payments", "0010_card_tries"),
        ("payments", "0011_refunds_and_disputes"),
    ]

    initial = True

    dependencies = [
        ("billing", "0001_tables"),
        ("community", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="GatewayConnection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="key"
                    ),
                ),
                ("gateway", models.CharField(max_length=20, verbose_name="gateway")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("disconnecting", "Finishing payments"),
                            ("disconnected", "Disconnected"),
                        ],
                        default="connected",
                        max_length=15,
                        verbose_name="state",
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(default=0, verbose_name="order at checkout"),
                ),
                ("account", models.CharField(max_length=80, verbose_name="account")),
                ("livemode", models.BooleanField(default=False, verbose_name="live")),
                (
                    "publishable_key",
                    models.CharField(max_length=255, verbose_name="publishable key"),
                ),
                (
                    "secret_key",
                    community.encryption.EncryptedTextField(
                        blank=True, default="", verbose_name="restricted key"
                    ),
                ),
                (
                    "webhook_secret",
                    community.encryption.EncryptedTextField(
                        blank=True, default="", verbose_name="webhook secret"
                    ),
                ),
                (
                    "webhook_reference",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="webhook"),
                ),
                (
                    "account_details",
                    models.TextField(
                        blank=True,
                        default="",
                        max_length=500,
                        verbose_name="account details, as buyers see them",
                    ),
                ),
                (
                    "api_base",
                    models.URLField(
                        blank=True,
                        default="",
                        help_text="Set by the operator's command only.",
                        verbose_name="API base",
                    ),
                ),
                ("connected_at", models.DateTimeField(verbose_name="connected")),
                (
                    "disconnected_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="disconnected"),
                ),
                (
                    "account_name",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="account name"
                    ),
                ),
                (
                    "country",
                    models.CharField(blank=True, default="", max_length=2, verbose_name="country"),
                ),
                (
                    "account_currency",
                    models.CharField(blank=True, default="", max_length=3, verbose_name="currency"),
                ),
                (
                    "charges_enabled",
                    models.BooleanField(blank=True, null=True, verbose_name="charges enabled"),
                ),
                (
                    "clock_offset_seconds",
                    models.IntegerField(blank=True, null=True, verbose_name="clock offset"),
                ),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked")),
                (
                    "check_failure",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="failure"),
                ),
                ("tested_at", models.DateTimeField(blank=True, null=True, verbose_name="tested")),
                (
                    "test_reference",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="test"),
                ),
                (
                    "refused_events",
                    models.PositiveIntegerField(default=0, verbose_name="signature failures"),
                ),
                (
                    "refused_lately",
                    models.PositiveIntegerField(
                        default=0, verbose_name="signature failures in a row"
                    ),
                ),
                (
                    "event_refused_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="last signature failure"
                    ),
                ),
                (
                    "connected_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
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
                "verbose_name": "gateway connection",
                "verbose_name_plural": "gateway connections",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("gateway"),
                        condition=models.Q(("state", "connected")),
                        name="gateway_connected_once_per_location",
                    ),
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("gateway"),
                        models.F("account"),
                        models.F("livemode"),
                        name="gateway_account_once_per_location",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["connected", "disconnecting", "disconnected"])
                        ),
                        name="gateway_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "connected"),
                            ("disconnected_at__isnull", False),
                            _connector="XOR",
                        ),
                        name="gateway_not_connected_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("gateway", "bank_transfer"), _negated=True),
                                models.Q(
                                    ("state", "disconnected"),
                                    models.Q(("secret_key", ""), _negated=True),
                                    _connector="XOR",
                                ),
                            ),
                            models.Q(("gateway", "bank_transfer"), ("secret_key", "")),
                            _connector="OR",
                        ),
                        name="gateway_in_use_has_its_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "disconnected"), _negated=True),
                            ("webhook_secret", ""),
                            _connector="OR",
                        ),
                        name="gateway_disconnected_keeps_no_secret",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gateway", "bank_transfer"), ("account_details", ""), _connector="XOR"
                        ),
                        name="gateway_for_transfers_has_an_account",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("entered", "Being entered"),
                            ("kept", "Kept"),
                            ("released", "To be detached"),
                            ("detached", "Detached"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("is_default", models.BooleanField(default=False, verbose_name="offered first")),
                ("setup_reference", models.CharField(max_length=80, verbose_name="setup")),
                (
                    "reference",
                    models.CharField(
                        blank=True, default="", max_length=80, verbose_name="reference"
                    ),
                ),
                (
                    "fingerprint",
                    models.CharField(
                        blank=True, default="", max_length=80, verbose_name="fingerprint"
                    ),
                ),
                (
                    "brand",
                    models.CharField(blank=True, default="", max_length=30, verbose_name="brand"),
                ),
                (
                    "last4",
                    models.CharField(
                        blank=True, default="", max_length=4, verbose_name="last four"
                    ),
                ),
                (
                    "exp_month",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="month"),
                ),
                (
                    "exp_year",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="year"),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cards",
                        to="community.customer",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="payments.gatewayconnection"
                    ),
                ),
            ],
            options={
                "verbose_name": "card",
                "verbose_name_plural": "cards",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["entered", "released"])),
                        fields=["state", "created_at"],
                        name="card_to_be_released",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("connection"),
                        models.F("setup_reference"),
                        condition=models.Q(("setup_reference", ""), _negated=True),
                        name="card_once_per_setup",
                    ),
                    models.UniqueConstraint(
                        models.F("connection"),
                        models.F("reference"),
                        condition=models.Q(("reference", ""), _negated=True),
                        name="card_once_per_reference",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), ("state", "kept"), _negated=True),
                        name="card_kept_is_known",
                    ),
                    models.UniqueConstraint(
                        models.F("connection"),
                        models.F("customer"),
                        condition=models.Q(("is_default", True)),
                        name="card_default_once_per_customer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_default", False), ("state", "kept"), _connector="OR"
                        ),
                        name="card_default_is_kept",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AutoPay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chosen_at", models.DateTimeField(verbose_name="chosen")),
                (
                    "chosen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="auto_pay",
                        to="community.customer",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="payments.card"
                    ),
                ),
            ],
            options={
                "verbose_name": "auto-pay",
                "verbose_name_plural": "auto-pay",
            },
        ),
        migrations.CreateModel(
            name="GatewayCustomer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=80, verbose_name="reference")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="payments.gatewayconnection"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.customer"
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
                "verbose_name": "gateway customer",
                "verbose_name_plural": "gateway customers",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("connection"),
                        models.F("customer"),
                        name="gateway_customer_once_per_connection",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GatewayEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=80, verbose_name="event")),
                ("kind", models.CharField(max_length=80, verbose_name="kind")),
                ("payload", models.JSONField(verbose_name="payload")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                (
                    "processed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="processed"),
                ),
                (
                    "tried_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last tried"),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                (
                    "error",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="error"),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="payments.gatewayconnection",
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
                "verbose_name": "gateway event",
                "verbose_name_plural": "gateway events",
                "indexes": [
                    models.Index(
                        condition=models.Q(("processed_at", None)),
                        fields=["received_at"],
                        name="event_waiting",
                    ),
                    models.Index(fields=["connection", "-received_at"], name="event_by_connection"),
                    models.Index(
                        condition=models.Q(("error", ""), _negated=True),
                        fields=["received_at"],
                        name="event_put_aside",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("connection"),
                        models.F("reference"),
                        name="event_once_per_connection",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Transaction",
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
                        choices=[
                            ("charge", "Charge"),
                            ("refund", "Refund"),
                            ("dispute", "Dispute"),
                        ],
                        default="charge",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("amount_minor", models.BigIntegerField(verbose_name="amount, minor units")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("key", models.UUIDField(unique=True, verbose_name="idempotency key")),
                (
                    "reference",
                    models.CharField(
                        blank=True, default="", max_length=80, verbose_name="gateway reference"
                    ),
                ),
                ("keep_card", models.BooleanField(default=False, verbose_name="keep the card")),
                (
                    "paid_with",
                    models.CharField(
                        blank=True, default="", max_length=60, verbose_name="paid with"
                    ),
                ),
                (
                    "automatic_try",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="number of the automatic try"
                    ),
                ),
                (
                    "is_surplus",
                    models.BooleanField(default=False, verbose_name="paid what was paid already"),
                ),
                (
                    "failure_code",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="failure"),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="awaited until")),
                (
                    "announced_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="told that it is due soon"
                    ),
                ),
                (
                    "received_on",
                    models.DateField(blank=True, null=True, verbose_name="received on"),
                ),
                (
                    "returned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="came back"),
                ),
                (
                    "taken_back_minor",
                    models.BigIntegerField(
                        db_default=0, default=0, verbose_name="taken back, minor units"
                    ),
                ),
                (
                    "taken_back_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="first taken back"),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="sent to the gateway"),
                ),
                (
                    "asked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last asked about"),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "bill",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="billing.bill",
                    ),
                ),
                (
                    "card",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="payments.card",
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="takings",
                        to="payments.transaction",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="payments.gatewayconnection"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="community.customer",
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
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who noted a refund made outside a gateway.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "transaction",
                "verbose_name_plural": "transactions",
                "indexes": [
                    models.Index(fields=["customer", "-id"], name="transaction_by_customer"),
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["created_at"],
                        name="transaction_pending",
                    ),
                    models.Index(
                        condition=models.Q(("due_on__isnull", False)),
                        fields=["location", "-id"],
                        name="transaction_transfers",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("connection"),
                        models.F("kind"),
                        models.F("reference"),
                        condition=models.Q(("reference", ""), _negated=True),
                        name="transaction_once_per_reference",
                    ),
                    models.UniqueConstraint(
                        models.F("bill"),
                        condition=models.Q(("state", "pending")),
                        name="transaction_one_under_way_per_bill",
                    ),
                    models.UniqueConstraint(
                        models.F("bill"),
                        condition=models.Q(
                            ("is_surplus", False), ("state", "succeeded"), ("taken_back_at", None)
                        ),
                        name="transaction_pays_a_bill_once",
                    ),
                    models.UniqueConstraint(
                        models.F("bill"),
                        models.F("automatic_try"),
                        name="transaction_tried_once_by_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bill__isnull", False),
                            models.Q(("automatic_try__isnull", True), ("is_surplus", False)),
                            _connector="OR",
                        ),
                        name="transaction_is_automatic_or_surplus_for_bills",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="transaction_moves_money"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("due_on__isnull", False),
                            models.Q(("announced_at__isnull", True), ("received_on__isnull", True)),
                            _connector="OR",
                        ),
                        name="transaction_only_what_is_due_is_awaited",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("due_on__isnull", True),
                            models.Q(("bill__isnull", True), ("card__isnull", True)),
                            _connector="OR",
                        ),
                        name="transaction_due_needs_no_card",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "pending"), ("settled_at__isnull", False), _connector="XOR"
                        ),
                        name="transaction_settled_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reference", ""), ("state", "succeeded"), _negated=True
                        ),
                        name="transaction_succeeded_has_a_reference",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("charge__isnull", True),
                                ("kind", "charge"),
                                ("returned_at__isnull", True),
                            ),
                            models.Q(
                                ("bill__isnull", True),
                                ("charge__isnull", False),
                                ("kind__in", ["refund", "dispute"]),
                                ("due_on__isnull", True),
                                ("taken_back_at__isnull", True),
                                ("taken_back_minor", 0),
                            ),
                            _connector="OR",
                        ),
                        name="transaction_takes_back_a_charge",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "charge"),
                            models.Q(("returned_at__isnull", True), ("state", "succeeded")),
                            models.Q(("returned_at__isnull", False), ("state", "failed")),
                            _connector="OR",
                        ),
                        name="transaction_taken_back_or_returned",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back_minor__gte", 0),
                            ("taken_back_minor__lte", models.F("amount_minor")),
                        ),
                        name="transaction_taken_back_up_to_its_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back_minor", 0),
                            models.Q(("state", "succeeded"), ("taken_back_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="transaction_taken_back_was_paid",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewCase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("surplus", "Not what was to pay"),
                            ("amount", "Another amount"),
                            ("mismatch", "Not what was asked for"),
                            ("taken_back", "A refund or dispute that doesn't fit"),
                        ],
                        max_length=10,
                        verbose_name="reason",
                    ),
                ),
                (
                    "about",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="about"),
                ),
                (
                    "received_minor",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Where it is another amount.",
                        null=True,
                        verbose_name="received, minor units",
                    ),
                ),
                ("expected", models.JSONField(blank=True, default=dict, verbose_name="asked for")),
                ("reported", models.JSONField(blank=True, default=dict, verbose_name="reported")),
                ("noticed_at", models.DateTimeField(verbose_name="noticed")),
                (
                    "note",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="what was done"
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="payments.transaction",
                    ),
                ),
            ],
            options={
                "verbose_name": "review case",
                "verbose_name_plural": "review cases",
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["location", "-id"],
                        name="review_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("charge"),
                        models.F("reason"),
                        models.F("about"),
                        name="review_once_per_charge_and_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", ["surplus", "amount", "mismatch", "taken_back"])
                        ),
                        name="review_reason_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason", "amount"), ("received_minor__isnull", True), _connector="XOR"
                        ),
                        name="review_of_another_amount_says_which",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason__in", ["mismatch", "taken_back"]), _negated=True),
                            models.Q(
                                models.Q(("expected", {}), _negated=True),
                                models.Q(("reported", {}), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="review_of_a_mismatch_says_what_differs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", True),
                                ("closed_by__isnull", True),
                                ("note", ""),
                            ),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                models.Q(("note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="review_closed_says_by_whom_and_how",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "condition",
                    models.CharField(
                        choices=[
                            ("pending", "A payment has no outcome"),
                            ("unasked", "Pending payments are not asked about"),
                            ("events", "Webhooks are not processed"),
                            ("signatures", "Webhooks are refused"),
                            ("mismatch", "Money that is not what was asked for"),
                            ("no_row", "Money that no payment here asked for"),
                            ("clock", "The clock is wrong"),
                        ],
                        max_length=12,
                        verbose_name="condition",
                    ),
                ),
                ("raised_at", models.DateTimeField(verbose_name="raised")),
                ("cleared_at", models.DateTimeField(blank=True, null=True, verbose_name="cleared")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "alarm",
                "verbose_name_plural": "alarms",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("condition"),
                        condition=models.Q(("cleared_at", None)),
                        name="alarm_is_raised_once_until_it_clears",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "condition__in",
                                [
                                    "pending",
                                    "unasked",
                                    "events",
                                    "signatures",
                                    "mismatch",
                                    "no_row",
                                    "clock",
                                ],
                            )
                        ),
                        name="alarm_condition_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cleared_at", None),
                            ("cleared_at__gte", models.F("raised_at")),
                            _connector="OR",
                        ),
                        name="alarm_clears_after_it_was_raised",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CardTry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, verbose_name="what was tried")),
                (
                    "setup_reference",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="setup"),
                ),
                ("was_good", models.BooleanField(default=False, verbose_name="was good")),
                ("tried_at", models.DateTimeField(verbose_name="tried")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.customer"
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
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "card try",
                "verbose_name_plural": "card tries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("was_good", False)),
                        fields=["location", "tried_at"],
                        name="card_try_not_good",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"), models.F("key"), name="card_try_once_per_key"
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gatewayevent",
            trigger=pgtrigger.compiler.Trigger(
                name="event_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="87c75e55e3d33c193929a8c2fdeaeb9479240c6e",
                    operation="DELETE",
                    pgid="pgtrigger_event_never_deleted_ac06d",
                    table="payments_gatewayevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gatewayevent",
            trigger=pgtrigger.compiler.Trigger(
                name="event_payload_is_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."payload" IS DISTINCT FROM (NEW."payload"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="bc4cdb246856b4683dc7eafec8276de13bb1015b",
                    operation="UPDATE",
                    pgid="pgtrigger_event_payload_is_fixed_f7597",
                    table="payments_gatewayevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gatewayevent",
            trigger=pgtrigger.compiler.Trigger(
                name="event_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="d15e9a1784d5317fb92f03cc9210dcdb820603b5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_event_no_truncate_d06c5",
                    table="payments_gatewayevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="transaction_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="bfa3822616dab257903fe65f9d4247e473e7d6a0",
                    operation="DELETE",
                    pgid="pgtrigger_transaction_never_deleted_98863",
                    table="payments_transaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="transaction_succeeded_is_final",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."kind" = \'charge\' AND OLD."state" = \'succeeded\' AND (OLD."location_id" IS DISTINCT FROM (NEW."location_id") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."connection_id" IS DISTINCT FROM (NEW."connection_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."amount_minor" IS DISTINCT FROM (NEW."amount_minor") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."card_id" IS DISTINCT FROM (NEW."card_id") OR OLD."keep_card" IS DISTINCT FROM (NEW."keep_card") OR OLD."paid_with" IS DISTINCT FROM (NEW."paid_with") OR OLD."bill_id" IS DISTINCT FROM (NEW."bill_id") OR OLD."automatic_try" IS DISTINCT FROM (NEW."automatic_try") OR OLD."is_surplus" IS DISTINCT FROM (NEW."is_surplus") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."announced_at" IS DISTINCT FROM (NEW."announced_at") OR OLD."received_on" IS DISTINCT FROM (NEW."received_on") OR OLD."charge_id" IS DISTINCT FROM (NEW."charge_id") OR OLD."recorded_by_id" IS DISTINCT FROM (NEW."recorded_by_id") OR OLD."made_by_id" IS DISTINCT FROM (NEW."made_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."submitted_at" IS DISTINCT FROM (NEW."submitted_at") OR OLD."settled_at" IS DISTINCT FROM (NEW."settled_at") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."returned_at" IS DISTINCT FROM (NEW."returned_at")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="58131b5a46a3d78780e0b7973072f46c252238ab",
                    operation="UPDATE",
                    pgid="pgtrigger_transaction_succeeded_is_final_47bdb",
                    table="payments_transaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="transaction_taking_only_returns",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."kind" = \'charge\') AND (NOT (NEW."state" = \'failed\' AND OLD."state" = \'succeeded\') OR OLD."location_id" IS DISTINCT FROM (NEW."location_id") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."connection_id" IS DISTINCT FROM (NEW."connection_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."amount_minor" IS DISTINCT FROM (NEW."amount_minor") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."card_id" IS DISTINCT FROM (NEW."card_id") OR OLD."keep_card" IS DISTINCT FROM (NEW."keep_card") OR OLD."paid_with" IS DISTINCT FROM (NEW."paid_with") OR OLD."bill_id" IS DISTINCT FROM (NEW."bill_id") OR OLD."automatic_try" IS DISTINCT FROM (NEW."automatic_try") OR OLD."is_surplus" IS DISTINCT FROM (NEW."is_surplus") OR OLD."failure_code" IS DISTINCT FROM (NEW."failure_code") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."announced_at" IS DISTINCT FROM (NEW."announced_at") OR OLD."received_on" IS DISTINCT FROM (NEW."received_on") OR OLD."charge_id" IS DISTINCT FROM (NEW."charge_id") OR OLD."recorded_by_id" IS DISTINCT FROM (NEW."recorded_by_id") OR OLD."made_by_id" IS DISTINCT FROM (NEW."made_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."submitted_at" IS DISTINCT FROM (NEW."submitted_at") OR OLD."settled_at" IS DISTINCT FROM (NEW."settled_at") OR OLD."taken_back_minor" IS DISTINCT FROM (NEW."taken_back_minor") OR OLD."taken_back_at" IS DISTINCT FROM (NEW."taken_back_at")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="f2955ad84d3c70d40989d3bfff3553965b9e57c1",
                    operation="UPDATE",
                    pgid="pgtrigger_transaction_taking_only_returns_7bbef",
                    table="payments_transaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="transaction_amount_is_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."amount_minor" IS DISTINCT FROM (NEW."amount_minor") OR OLD."currency" IS DISTINCT FROM (NEW."currency"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2b2054768a71460ceef0cda5d0577fb86dbfcd98",
                    operation="UPDATE",
                    pgid="pgtrigger_transaction_amount_is_fixed_7b086",
                    table="payments_transaction",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transaction",
            trigger=pgtrigger.compiler.Trigger(
                name="transaction_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="542c968080fad238888288941ea61ac2ebdfae4d",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_transaction_no_truncate_92a45",
                    table="payments_transaction",
                    when="BEFORE",
                ),
            ),
        ),
    ]
