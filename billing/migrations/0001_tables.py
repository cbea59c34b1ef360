import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Where these have run, it counts as run.
    replaces = [
        ("billing", "0001_initial"),
        ("billing", "0002_initial"),
        ("billing", "0003_bills"),
        ("billing", "0004_paid_at_a_gateway"),
        ("billing", "0005_billing_details_of_customers"),
        ("billing", "0006_document_mails"),
        ("billing", "0007_mails_of_bills_that_stay_unpaid"),
        ("billing", "0008_receipts_are_credited"),
        ("billing", "0009_bills_are_due_again"),
    ]

    initial = True

    dependencies = [
        ("community", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80, verbose_name="key")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("issued", "Issued"),
                            ("paid", "Paid"),
                            ("void", "Void"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("period_start", models.DateField(blank=True, null=True, verbose_name="first day")),
                (
                    "period_end",
                    models.DateField(
                        blank=True,
                        help_text="The first day that is not in the period.",
                        null=True,
                        verbose_name="end",
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("net_minor", models.BigIntegerField(default=0, verbose_name="net, minor units")),
                ("tax_minor", models.BigIntegerField(default=0, verbose_name="tax, minor units")),
                (
                    "total_minor",
                    models.BigIntegerField(default=0, verbose_name="total, minor units"),
                ),
                (
                    "credited_minor",
                    models.BigIntegerField(default=0, verbose_name="credited, minor units"),
                ),
                (
                    "paid_minor",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Without what was taken back again.",
                        verbose_name="paid, minor units",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                (
                    "sequence",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="place in the series"
                    ),
                ),
                (
                    "number",
                    models.CharField(blank=True, default="", max_length=30, verbose_name="number"),
                ),
                ("issued_at", models.DateTimeField(blank=True, null=True, verbose_name="issued")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                ("seller", models.JSONField(blank=True, default=dict, verbose_name="seller")),
                ("buyer", models.JSONField(blank=True, default=dict, verbose_name="buyer")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bills",
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
                "verbose_name": "bill",
                "verbose_name_plural": "bills",
                "indexes": [
                    models.Index(fields=["customer", "-id"], name="bill_by_customer"),
                    models.Index(fields=["location", "-id"], name="bill_by_location"),
                    models.Index(
                        condition=models.Q(("state", "issued")),
                        fields=["customer", "due_on"],
                        name="bill_unpaid",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["active", "issued"])),
                        fields=["location", "state"],
                        name="bill_not_over",
                    ),
                    models.Index(
                        condition=models.Q(("state", "active")),
                        fields=["period_end"],
                        name="bill_to_be_closed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("customer"),
                        condition=models.Q(("state", "active")),
                        name="bill_active_once_per_customer",
                    ),
                    models.UniqueConstraint(
                        models.F("location"), models.F("key"), name="bill_once_per_key"
                    ),
                    models.UniqueConstraint(
                        models.F("location"), models.F("sequence"), name="bill_has_its_own_number"
                    ),
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("number"),
                        condition=models.Q(("number", ""), _negated=True),
                        name="bill_number_is_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("tax_minor")
                                ),
                            )
                        ),
                        name="bill_total_is_net_and_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credited_minor", 0),
                            models.Q(
                                ("credited_minor__gte", 0),
                                ("credited_minor__lte", models.F("total_minor")),
                            ),
                            _connector="OR",
                        ),
                        name="bill_credited_up_to_its_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("paid_minor__gte", 0)), name="bill_paid_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("sequence__isnull", False), ("state__in", ["issued", "paid"])
                            ),
                            models.Q(("sequence__isnull", True), ("state", "active")),
                            ("state", "void"),
                            _connector="OR",
                        ),
                        name="bill_issued_has_a_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("sequence__isnull", True),
                                ("issued_at__isnull", True),
                                ("number", ""),
                            ),
                            models.Q(
                                ("sequence__isnull", False),
                                ("issued_at__isnull", False),
                                models.Q(("number", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bill_number_comes_with_issuing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("period_end__isnull", True), ("period_start__isnull", True)),
                            ("period_start__lt", models.F("period_end")),
                            _connector="OR",
                        ),
                        name="bill_period_has_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingDetails",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="name on documents"
                    ),
                ),
                ("address", models.TextField(blank=True, default="", verbose_name="address")),
                (
                    "vat_number",
                    models.CharField(
                        blank=True, default="", max_length=20, verbose_name="VAT number"
                    ),
                ),
                (
                    "emails",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="emails for documents",
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, default="", max_length=60, verbose_name="reference"
                    ),
                ),
                (
                    "exemption",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Pays tax"),
                            ("reverse_charge", "Reverse charge"),
                            ("other", "Exempt for another reason"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="tax exemption",
                    ),
                ),
                (
                    "exemption_reason",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=200,
                        verbose_name="reason of the exemption",
                    ),
                ),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="billing_details",
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
                "verbose_name": "billing details",
                "verbose_name_plural": "billing details",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("vat_number", ""),
                            ("vat_number__regex", "^[A-Z]{2}[0-9A-Z+*]{2,18}$"),
                            _connector="OR",
                        ),
                        name="billing_details_vat_number_has_a_country",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("emails__len__lte", 10)),
                        name="billing_details_emails_are_few",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exemption__in", ["", "reverse_charge", "other"])),
                        name="billing_details_exemption_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("exemption", "reverse_charge"), ("vat_number", ""), _negated=True
                        ),
                        name="billing_details_reverse_charge_has_a_vat_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("exemption", "other"), ("exemption_reason", ""), _connector="XOR"
                        ),
                        name="billing_details_other_exemption_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillItem",
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
                ("description", models.CharField(max_length=200, verbose_name="description")),
                ("net_minor", models.BigIntegerField(verbose_name="net, minor units")),
                ("tax_minor", models.BigIntegerField(verbose_name="tax, minor units")),
                ("total_minor", models.BigIntegerField(verbose_name="total, minor units")),
                ("tax_name", models.CharField(blank=True, max_length=30, verbose_name="tax name")),
                (
                    "tax_percent",
                    models.DecimalField(decimal_places=2, max_digits=5, verbose_name="tax percent"),
                ),
                (
                    "exemption",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="why no tax is charged"
                    ),
                ),
                ("key", models.CharField(max_length=80, verbose_name="key")),
                ("added_at", models.DateTimeField(verbose_name="added")),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="billing.bill",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "removes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="removed_by",
                        to="billing.billitem",
                    ),
                ),
            ],
            options={
                "verbose_name": "bill item",
                "verbose_name_plural": "bill items",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"), models.F("key"), name="bill_item_once_per_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("tax_minor")
                                ),
                            )
                        ),
                        name="bill_item_total_is_net_and_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exemption", ""), ("tax_minor", 0), _connector="OR"),
                        name="bill_item_exempt_has_no_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["credits", "plans", "other"])),
                        name="bill_item_source_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("removes__isnull", True), ("total_minor__gte", 0)),
                            models.Q(("removes__isnull", False), ("total_minor__lte", 0)),
                            _connector="OR",
                        ),
                        name="bill_item_takes_off_only_what_it_removes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillPayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        db_default=1, default=1, verbose_name="place among the bill's payments"
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("transfer", "Bank transfer"),
                            ("cash", "Cash"),
                            ("card", "Card terminal"),
                            ("other", "Other"),
                            ("gateway", "Online"),
                        ],
                        max_length=10,
                        verbose_name="method",
                    ),
                ),
                (
                    "reference",
                    models.CharField(blank=True, max_length=100, verbose_name="reference"),
                ),
                ("paid_on", models.DateField(verbose_name="paid on")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount, minor units")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="billing.bill",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "payment of a bill",
                "verbose_name_plural": "payments of bills",
                "indexes": [
                    models.Index(fields=["location", "paid_on"], name="bill_payment_by_day")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("bill"), models.F("position"), name="bill_payment_has_one_place"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gt", 0),
                            models.Q(("amount_minor__lt", 0), ("method", "gateway")),
                            _connector="OR",
                        ),
                        name="bill_payment_moves_money",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("method__in", ["transfer", "cash", "card", "other", "gateway"])
                        ),
                        name="bill_payment_method_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentCounter",
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
                            ("receipt", "Receipt"),
                            ("bill", "Bill"),
                            ("credit_note", "Credit note"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("last_number", models.PositiveIntegerField(verbose_name="last number")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
            ],
            options={
                "verbose_name": "document counter",
                "verbose_name_plural": "document counters",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"), models.F("kind"), name="counter_once_per_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.PositiveIntegerField(verbose_name="place in the series")),
                ("number", models.CharField(max_length=30, verbose_name="number")),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("paid_at", models.DateTimeField(verbose_name="paid")),
                ("paid_with", models.CharField(max_length=60, verbose_name="paid with")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("net_minor", models.BigIntegerField(verbose_name="net, minor units")),
                ("tax_minor", models.BigIntegerField(verbose_name="tax, minor units")),
                ("total_minor", models.BigIntegerField(verbose_name="total, minor units")),
                ("seller", models.JSONField(verbose_name="seller")),
                ("buyer", models.JSONField(verbose_name="buyer")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
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
                "verbose_name": "receipt",
                "verbose_name_plural": "receipts",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("sequence"),
                        name="receipt_has_its_own_number",
                    ),
                    models.UniqueConstraint(
                        models.F("location"), models.F("number"), name="receipt_number_is_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("tax_minor")
                                ),
                            )
                        ),
                        name="receipt_total_is_net_and_tax",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80, verbose_name="key")),
                ("sequence", models.PositiveIntegerField(verbose_name="place in the series")),
                ("number", models.CharField(max_length=30, verbose_name="number")),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("net_minor", models.BigIntegerField(verbose_name="net, minor units")),
                ("tax_minor", models.BigIntegerField(verbose_name="tax, minor units")),
                ("total_minor", models.BigIntegerField(verbose_name="total, minor units")),
                ("seller", models.JSONField(verbose_name="seller")),
                ("buyer", models.JSONField(verbose_name="buyer")),
                (
                    "bill",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="billing.bill",
                    ),
                ),
                (
                    "cancels",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cancelled_by",
                        to="billing.creditnote",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="billing.receipt",
                    ),
                ),
            ],
            options={
                "verbose_name": "credit note",
                "verbose_name_plural": "credit notes",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"), models.F("key"), name="credit_note_once_per_key"
                    ),
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("sequence"),
                        name="credit_note_has_its_own_number",
                    ),
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("number"),
                        name="credit_note_number_is_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("tax_minor")
                                ),
                            )
                        ),
                        name="credit_note_total_is_net_and_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancels__isnull", True), ("total_minor__gt", 0)),
                            models.Q(("cancels__isnull", False), ("total_minor__lt", 0)),
                            _connector="OR",
                        ),
                        name="credit_note_credits_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bill__isnull", True), ("receipt__isnull", True), _connector="XOR"
                        ),
                        name="credit_note_is_of_one_document",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="credit_note_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentMail",
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
                            ("issued", "Issued"),
                            ("reminder", "Reminder"),
                            ("resent", "Sent again"),
                            ("unpaid", "Could not be paid by itself"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Of a reminder.",
                        null=True,
                        verbose_name="days after due",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("owed", "To be sent"),
                            ("sent", "Sent"),
                            ("failed", "Could not be sent"),
                            ("dropped", "Needed no longer"),
                        ],
                        default="owed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, verbose_name="attempts"
                    ),
                ),
                ("next_try_at", models.DateTimeField(verbose_name="next try")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                (
                    "sent_to",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        db_default=[],
                        default=list,
                        size=None,
                        verbose_name="sent to",
                    ),
                ),
                (
                    "trouble",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=200,
                        verbose_name="trouble",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="billing.bill",
                    ),
                ),
                (
                    "credit_note",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="billing.creditnote",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="billing.receipt",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail of a document",
                "verbose_name_plural": "mails of documents",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "owed")),
                        fields=["next_try_at"],
                        name="mail_to_be_sent",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("bill__isnull", False),
                                ("credit_note__isnull", True),
                                ("receipt__isnull", True),
                            ),
                            models.Q(
                                ("bill__isnull", True),
                                ("credit_note__isnull", True),
                                ("receipt__isnull", False),
                            ),
                            models.Q(
                                ("bill__isnull", True),
                                ("credit_note__isnull", False),
                                ("receipt__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="mail_is_of_one_document",
                    ),
                    models.UniqueConstraint(
                        models.F("bill"),
                        models.F("receipt"),
                        models.F("credit_note"),
                        condition=models.Q(("kind", "issued")),
                        name="mail_of_issuing_is_owed_once",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        models.F("bill"),
                        models.F("days"),
                        condition=models.Q(("kind", "reminder")),
                        name="mail_reminds_once_per_bill_and_day",
                    ),
                    models.UniqueConstraint(
                        models.F("bill"),
                        models.F("receipt"),
                        models.F("credit_note"),
                        condition=models.Q(("kind", "resent"), ("state", "owed")),
                        name="mail_sent_again_waits_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("bill__isnull", False),
                                ("days__gt", 0),
                                ("days__isnull", False),
                                ("kind", "reminder"),
                            ),
                            models.Q(
                                ("days__isnull", True), ("kind__in", ["issued", "resent", "unpaid"])
                            ),
                            _connector="OR",
                        ),
                        name="mail_that_reminds_has_its_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", False), ("state", "sent")),
                            models.Q(
                                ("sent_at__isnull", True),
                                ("state__in", ["owed", "failed", "dropped"]),
                            ),
                            _connector="OR",
                        ),
                        name="mail_sent_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReceiptLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("description", models.CharField(max_length=120, verbose_name="description")),
                ("net_minor", models.BigIntegerField(verbose_name="net, minor units")),
                ("tax_minor", models.BigIntegerField(verbose_name="tax, minor units")),
                ("total_minor", models.BigIntegerField(verbose_name="total, minor units")),
                ("tax_name", models.CharField(blank=True, max_length=30, verbose_name="tax name")),
                (
                    "tax_percent",
                    models.DecimalField(decimal_places=2, max_digits=5, verbose_name="tax percent"),
                ),
                (
                    "exemption",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="why no tax is charged"
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.receipt",
                    ),
                ),
            ],
            options={
                "verbose_name": "receipt line",
                "verbose_name_plural": "receipt lines",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("tax_minor")
                                ),
                            )
                        ),
                        name="receipt_line_total_is_net_and_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exemption", ""), ("tax_minor", 0), _connector="OR"),
                        name="receipt_line_exempt_has_no_tax",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("description", models.CharField(max_length=200, verbose_name="description")),
                ("net_minor", models.BigIntegerField(verbose_name="net, minor units")),
                ("tax_minor", models.BigIntegerField(verbose_name="tax, minor units")),
                ("total_minor", models.BigIntegerField(verbose_name="total, minor units")),
                (
                    "left_minor",
                    models.BigIntegerField(verbose_name="left of the item, minor units"),
                ),
                ("tax_name", models.CharField(blank=True, max_length=30, verbose_name="tax name")),
                (
                    "tax_percent",
                    models.DecimalField(decimal_places=2, max_digits=5, verbose_name="tax percent"),
                ),
                (
                    "exemption",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="why no tax is charged"
                    ),
                ),
                (
                    "bill_item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="billing.billitem",
                    ),
                ),
                (
                    "credit_note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.creditnote",
                    ),
                ),
                (
                    "receipt_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="billing.receiptline",
                    ),
                ),
            ],
            options={
                "verbose_name": "credit note line",
                "verbose_name_plural": "credit note lines",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("credit_note"),
                        models.F("bill_item"),
                        name="credit_note_line_per_item",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("tax_minor")
                                ),
                            )
                        ),
                        name="credit_note_line_total_is_net_and_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exemption", ""), ("tax_minor", 0), _connector="OR"),
                        name="credit_note_line_exempt_has_no_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("left_minor__gte", 0), models.Q(("total_minor", 0), _negated=True)
                        ),
                        name="credit_note_line_credits_what_is_left",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bill_item__isnull", True),
                            ("receipt_line__isnull", True),
                            _connector="XOR",
                        ),
                        name="credit_note_line_is_of_one_document",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bill",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="5256d38db6ea1df256e75b9cd21184e22f761757",
                    operation="DELETE",
                    pgid="pgtrigger_bill_never_deleted_9b872",
                    table="billing_bill",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bill",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_state_moves_forward",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{active:issued,active:paid,active:void,issued:paid,paid:issued,issued:void}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="1858e48c37f2eae1ec2729743956dabb97d77fe0",
                    operation="UPDATE",
                    pgid="pgtrigger_bill_state_moves_forward_c6c32",
                    table="billing_bill",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bill",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_issued_never_changes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" = \'active\') AND (OLD."location_id" IS DISTINCT FROM (NEW."location_id") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."period_start" IS DISTINCT FROM (NEW."period_start") OR OLD."period_end" IS DISTINCT FROM (NEW."period_end") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."net_minor" IS DISTINCT FROM (NEW."net_minor") OR OLD."tax_minor" IS DISTINCT FROM (NEW."tax_minor") OR OLD."total_minor" IS DISTINCT FROM (NEW."total_minor") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at") OR OLD."sequence" IS DISTINCT FROM (NEW."sequence") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."issued_at" IS DISTINCT FROM (NEW."issued_at") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."seller" IS DISTINCT FROM (NEW."seller") OR OLD."buyer" IS DISTINCT FROM (NEW."buyer")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="f0ad90488154a994f8c1253703b71220a790fbfe",
                    operation="UPDATE",
                    pgid="pgtrigger_bill_issued_never_changes_d0265",
                    table="billing_bill",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bill",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="b0eda88ea996f8e7bdeda5ff75853b5c696ada7e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_bill_no_truncate_6f8b8",
                    table="billing_bill",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="billitem",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_item_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="41d51429d6ec37d991cc286119ea728b269e42eb",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_bill_item_append_only_a9b23",
                    table="billing_billitem",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="billitem",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_item_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="158098cfe1497e27ba898500fe94f2ac9469de32",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_bill_item_no_truncate_c8c21",
                    table="billing_billitem",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="billpayment",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_payment_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="d743b79decd2aac7c49b90829190f3b0a1c2be31",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_bill_payment_append_only_877d7",
                    table="billing_billpayment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="billpayment",
            trigger=pgtrigger.compiler.Trigger(
                name="bill_payment_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="c351f34435b18c8c28065765d1a68ee258d0837c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_bill_payment_no_truncate_88294",
                    table="billing_billpayment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="receipt",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b677a22ad3b22d882e03403bb2ab42ab8dbfe1a6",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_receipt_append_only_e15d0",
                    table="billing_receipt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="receipt",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="35cfcc6d7833a89618baf38fd7e885e4740b3ca6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_receipt_no_truncate_be34e",
                    table="billing_receipt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentmail",
            trigger=pgtrigger.compiler.Trigger(
                name="document_mail_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="f4ee90a8fccab012ec7aeeb9ef34de481f28c337",
                    operation="DELETE",
                    pgid="pgtrigger_document_mail_never_deleted_4991c",
                    table="billing_documentmail",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentmail",
            trigger=pgtrigger.compiler.Trigger(
                name="document_mail_ended_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NOT (OLD.\"state\" = 'owed'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="1452ba530166d7b733d2032380e3174ee57be690",
                    operation="UPDATE",
                    pgid="pgtrigger_document_mail_ended_stays_b0cfe",
                    table="billing_documentmail",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentmail",
            trigger=pgtrigger.compiler.Trigger(
                name="document_mail_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="777604a1bc44d4d13e4c4a4473ece6fcbf5d51a7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_document_mail_no_truncate_68c7c",
                    table="billing_documentmail",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditnote",
            trigger=pgtrigger.compiler.Trigger(
                name="credit_note_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="497d7bfbf50c27a428c4b89909d9066924918e25",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_credit_note_append_only_7b2e6",
                    table="billing_creditnote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditnote",
            trigger=pgtrigger.compiler.Trigger(
                name="credit_note_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="d86f0a02d46652f4114a63871cc29e0dd2a65317",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_credit_note_no_truncate_6d4ef",
                    table="billing_creditnote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="receiptline",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_line_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="113c4a2ab123df8cf8f8eb500823b6b2cb56169f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_receipt_line_append_only_1d570",
                    table="billing_receiptline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="receiptline",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_line_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="23a8cdd747831c9a6fc739ff7678172aa1b7c0a3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_receipt_line_no_truncate_b642b",
                    table="billing_receiptline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditnoteline",
            trigger=pgtrigger.compiler.Trigger(
                name="credit_note_line_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="91cd399df59cd38209e2c1d127e73672360462fd",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_credit_note_line_append_only_ef39e",
                    table="billing_creditnoteline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditnoteline",
            trigger=pgtrigger.compiler.Trigger(
                name="credit_note_line_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="e6b8e21dab898fe6680735007bed7a1e25d746a7",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_credit_note_line_no_truncate_5a871",
                    table="billing_creditnoteline",
                    when="BEFORE",
                ),
            ),
        ),
    ]
