import django.contrib.postgres.constraints
import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import membership.models.plans
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Where these have run, it counts as run.
    replaces = [
        ("membership", "0001_initial"),
        ("membership", "0002_people_and_settings"),
        ("membership", "0003_plans_and_ways_of_paying"),
        ("membership", "0004_exempt_purchases"),
        ("membership", "0005_index_free_claims"),
        ("membership", "0006_owed_credits"),
        ("membership", "0007_waived_off_a_bill"),
    ]

    initial = True

    dependencies = [
        ("billing", "0001_tables"),
        ("community", "0001_tables"),
        ("credits", "0001_tables"),
        ("payments", "0001_tables"),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "price_minor",
                    models.BigIntegerField(default=0, verbose_name="price per month, minor units"),
                ),
                (
                    "discount_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=5,
                        verbose_name="discount on credits, percent",
                    ),
                ),
                (
                    "monthly_credits",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=12,
                        verbose_name="monthly credits",
                    ),
                ),
                (
                    "free_claims",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: without limit.",
                        null=True,
                        verbose_name="free claims per period",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "archived_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="archived"),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="community.location",
                    ),
                ),
            ],
            options={
                "verbose_name": "plan",
                "verbose_name_plural": "plans",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("archived_at", None)),
                        name="plan_on_offer_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_minor__gte", 0)), name="plan_price_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount_percent__gte", 0), ("discount_percent__lte", 100)
                        ),
                        name="plan_discount_is_a_percentage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("monthly_credits__gte", 0)),
                        name="plan_credits_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("free_claims", None),
                            models.Q(("discount_percent", 100), ("free_claims__gte", 1)),
                            _connector="OR",
                        ),
                        name="plan_limits_claims_of_what_is_free",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                (
                    "ends_on",
                    models.DateField(
                        blank=True,
                        help_text="The first day without the plan.",
                        null=True,
                        verbose_name="end",
                    ),
                ),
                (
                    "bill_enabled",
                    models.BooleanField(default=False, verbose_name="payment by bill"),
                ),
                (
                    "bill_for",
                    models.CharField(
                        choices=[("managers", "Managers"), ("everyone", "Managers and members")],
                        default="managers",
                        max_length=10,
                        verbose_name="who may use the bill",
                    ),
                ),
                ("assigned_at", models.DateTimeField(verbose_name="assigned")),
                (
                    "assigned_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
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
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="membership.plan",
                    ),
                ),
            ],
            options={
                "verbose_name": "plan assignment",
                "verbose_name_plural": "plan assignments",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("customer", "="),
                            (
                                membership.models.plans.DateRange(
                                    models.F("starts_on"), models.F("ends_on")
                                ),
                                "&&",
                            ),
                        ],
                        name="assignment_one_plan_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on", None),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="assignment_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bill_for__in", ["managers", "everyone"])),
                        name="assignment_bill_is_for_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Purchase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(unique=True, verbose_name="idempotency key")),
                (
                    "credits",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="credits"),
                ),
                (
                    "expiry_months",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="expiry"),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "list_price_minor",
                    models.BigIntegerField(verbose_name="list price, minor units"),
                ),
                (
                    "discount_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=5,
                        verbose_name="discount, percent",
                    ),
                ),
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
                ("tax_included", models.BooleanField(verbose_name="price includes tax")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("gateway", "Payment service"),
                            ("bill", "Bill"),
                            ("free", "Free"),
                        ],
                        max_length=10,
                        verbose_name="method",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("awaiting_payment", "Awaiting payment"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                (
                    "period_start",
                    models.DateField(
                        blank=True, null=True, verbose_name="period of the free claim"
                    ),
                ),
                (
                    "claim_number",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="number of the free claim in its period"
                    ),
                ),
                (
                    "taken_back_minor",
                    models.BigIntegerField(
                        db_default=0, default=0, verbose_name="taken back, minor units"
                    ),
                ),
                (
                    "reversed_credits",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=12,
                        verbose_name="reversed credits",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "completed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="completed"),
                ),
                (
                    "accrual",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchase",
                        to="credits.entry",
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchases",
                        to="membership.planassignment",
                    ),
                ),
                (
                    "bill_item",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchase",
                        to="billing.billitem",
                    ),
                ),
                (
                    "bought_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchases",
                        to="community.member",
                    ),
                ),
                (
                    "charge",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchase",
                        to="payments.transaction",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchases",
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
                    "option",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchases",
                        to="credits.creditoption",
                    ),
                ),
                (
                    "receipt",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchase",
                        to="billing.receipt",
                    ),
                ),
            ],
            options={
                "verbose_name": "purchase",
                "verbose_name_plural": "purchases",
                "indexes": [
                    models.Index(fields=["customer", "-id"], name="purchase_by_customer"),
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["created_at"],
                        name="purchase_pending",
                    ),
                    models.Index(
                        condition=models.Q(("method", "free")),
                        fields=["location", "completed_at"],
                        name="purchase_claimed_free",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("credits__gt", 0)), name="purchase_buys_credits"
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
                        name="purchase_total_is_net_and_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exemption", ""), ("tax_minor", 0), _connector="OR"),
                        name="purchase_exempt_has_no_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("method", "free"), ("total_minor", 0)),
                            models.Q(
                                models.Q(("method", "free"), _negated=True), ("total_minor__gt", 0)
                            ),
                            _connector="OR",
                        ),
                        name="purchase_costs_something_unless_free",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("discount_percent__gte", 0), ("discount_percent__lte", 100)
                        ),
                        name="purchase_discount_is_a_percentage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("method", "gateway"), ("charge__isnull", True), _connector="XOR"
                        ),
                        name="purchase_by_gateway_has_its_charge",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("method", "bill"), ("bill_item__isnull", True), _connector="XOR"
                        ),
                        name="purchase_on_the_bill_has_its_item",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("claim_number__gte", 1),
                                ("method", "free"),
                                ("period_start__isnull", False),
                                ("assignment__isnull", False),
                            ),
                            models.Q(
                                models.Q(("method", "free"), _negated=True),
                                ("claim_number__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="purchase_for_free_is_a_claim",
                    ),
                    models.UniqueConstraint(
                        fields=("customer", "period_start", "claim_number"),
                        name="purchase_claim_once_per_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "completed"), ("accrual__isnull", True), _connector="XOR"
                        ),
                        name="purchase_completed_has_its_credits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("method", "gateway"), ("state", "completed")),
                            ("receipt__isnull", True),
                            _connector="XOR",
                        ),
                        name="purchase_paid_at_a_gateway_has_its_receipt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "completed"), ("completed_at__isnull", True), _connector="XOR"
                        ),
                        name="purchase_completed_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back_minor__gte", 0),
                            ("taken_back_minor__lte", models.F("total_minor")),
                        ),
                        name="purchase_taken_back_up_to_its_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reversed_credits__gte", 0),
                            ("reversed_credits__lte", models.F("credits")),
                        ),
                        name="purchase_reversed_up_to_its_credits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OwedCredits",
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
                    "lifted",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        help_text="Since the money came back.",
                        max_digits=12,
                        verbose_name="owed no longer",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("settled", "Settled"),
                            ("waived", "Waived"),
                            ("lifted", "Owed no longer"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("noticed_at", models.DateTimeField(verbose_name="noticed")),
                (
                    "note",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="why"),
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
                    "taking",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owed",
                        to="payments.transaction",
                    ),
                ),
                (
                    "purchase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owed",
                        to="membership.purchase",
                    ),
                ),
            ],
            options={
                "verbose_name": "owed credits",
                "verbose_name_plural": "owed credits",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["location", "-id"],
                        name="owed_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("credits__gt", 0)), name="owed_credits_are_some"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted__gte", 0), ("lifted__lte", models.F("credits"))
                        ),
                        name="owed_credits_lifted_up_to_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted__lt", models.F("credits")), ("state", "open")),
                            models.Q(("lifted", models.F("credits")), ("state", "lifted")),
                            ("state__in", ["settled", "waived"]),
                            _connector="OR",
                        ),
                        name="owed_credits_open_until_lifted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state__in", ["settled", "waived"]),
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                models.Q(("note", ""), _negated=True),
                            ),
                            models.Q(
                                ("closed_by__isnull", True),
                                ("note", ""),
                                ("state__in", ["open", "lifted"]),
                            ),
                            _connector="OR",
                        ),
                        name="owed_credits_closed_by_whom_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taking__isnull", False), ("state", "waived"), _connector="OR"
                        ),
                        name="owed_credits_off_a_bill_are_waived",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                        choices=[("member", "Member"), ("staff", "Staff"), ("admin", "Admin")],
                        max_length=8,
                        verbose_name="as",
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="email")),
                (
                    "name",
                    models.CharField(blank=True, default="", max_length=150, verbose_name="name"),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True, verbose_name="hash")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                (
                    "accepted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="accepted"),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="community.company",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="community.location",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        django.db.models.functions.text.Lower("email"),
                        models.F("kind"),
                        condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                        name="invitation_open_once_per_email",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("accepted_by__isnull", False),
                            _connector="OR",
                        ),
                        name="invitation_accepted_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at__isnull", True),
                            ("revoked_at__isnull", True),
                            _connector="OR",
                        ),
                        name="invitation_not_both_accepted_and_revoked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("company__isnull", True), ("kind", "member"), _connector="OR"
                        ),
                        name="invitation_to_a_company_is_for_a_member",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["member", "staff", "admin"])),
                        name="invitation_kind_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JoinRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "message",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="message"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="join_requests",
                        to="community.location",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="join_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "request to join",
                "verbose_name_plural": "requests to join",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        models.F("user"),
                        condition=models.Q(("state", "open")),
                        name="join_request_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"), ("answered_at__isnull", False), _connector="XOR"
                        ),
                        name="join_request_answered_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("content", models.BinaryField(verbose_name="content")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("columns", models.JSONField(default=dict, verbose_name="columns")),
                (
                    "send_invitations",
                    models.BooleanField(default=False, verbose_name="send invitations"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("checking", "Checking"),
                            ("checked", "Checked"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="uploaded",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("rows_total", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("rows_done", models.PositiveIntegerField(default=0, verbose_name="rows done")),
                ("errors", models.JSONField(default=list, verbose_name="errors")),
                ("summary", models.JSONField(default=dict, verbose_name="summary")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "import of members",
                "verbose_name_plural": "imports of members",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rows_done__lte", models.F("rows_total"))),
                        name="import_does_no_more_rows_than_it_has",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="planassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="assignment_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="aa602f0dcc75c4ba5269ab6c3816c9a830bee5d9",
                    operation="DELETE",
                    pgid="pgtrigger_assignment_never_deleted_56bf6",
                    table="membership_planassignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="planassignment",
            trigger=pgtrigger.compiler.Trigger(
                name="assignment_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="d1441afbe48395c7f8e726d5bbc71b191a55bffe",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_assignment_no_truncate_aa4a4",
                    table="membership_planassignment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purchase",
            trigger=pgtrigger.compiler.Trigger(
                name="purchase_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="5db2ccd8bf83887a82cfdf7b5865a20e0e459e13",
                    operation="DELETE",
                    pgid="pgtrigger_purchase_never_deleted_9227f",
                    table="membership_purchase",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purchase",
            trigger=pgtrigger.compiler.Trigger(
                name="purchase_state_moves_forward",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{pending:completed,pending:failed,pending:expired,awaiting_payment:completed,awaiting_payment:cancelled,awaiting_payment:expired,failed:completed,expired:completed,cancelled:completed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="737a6a7dcec22301b8ffe7633876ecc7a964262b",
                    operation="UPDATE",
                    pgid="pgtrigger_purchase_state_moves_forward_8d94d",
                    table="membership_purchase",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="purchase",
            trigger=pgtrigger.compiler.Trigger(
                name="purchase_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="b7ffea1bbf9aadcfb4379e0c97517202a2f2a145",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_purchase_no_truncate_748ca",
                    table="membership_purchase",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="owedcredits",
            trigger=pgtrigger.compiler.Trigger(
                name="owed_credits_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="0ad1f1015d6585fe708e39ee9b715ad1fad15dec",
                    operation="DELETE",
                    pgid="pgtrigger_owed_credits_never_deleted_a9636",
                    table="membership_owedcredits",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="owedcredits",
            trigger=pgtrigger.compiler.Trigger(
                name="owed_credits_closed_stay",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" = \'open\') AND (OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."closed_by_id" IS DISTINCT FROM (NEW."closed_by_id") OR OLD."closed_at" IS DISTINCT FROM (NEW."closed_at") OR OLD."credits" IS DISTINCT FROM (NEW."credits") OR OLD."purchase_id" IS DISTINCT FROM (NEW."purchase_id")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="eb8698dd588ca8e87768aed9df06ddae4218bf01",
                    operation="UPDATE",
                    pgid="pgtrigger_owed_credits_closed_stay_fd10e",
                    table="membership_owedcredits",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="owedcredits",
            trigger=pgtrigger.compiler.Trigger(
                name="owed_credits_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="48c6db39f716d3e3ee403d44d218cc0288b33fa3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_owed_credits_no_truncate_efd32",
                    table="membership_owedcredits",
                    when="BEFORE",
                ),
            ),
        ),
    ]
