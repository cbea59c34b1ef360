import community.models.locations
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Where these have run, it counts as run.
    replaces = [
        ("community", "0001_initial"),
        ("community", "0002_people_and_settings"),
        ("community", "0003_companies"),
        ("community", "0004_api_keys"),
        ("community", "0005_keys_have_makers"),
        ("community", "0006_sender_of_mails"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="SetupLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True, verbose_name="hash")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="used")),
            ],
            options={
                "verbose_name": "set-up link",
                "verbose_name_plural": "set-up links",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="email")),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                (
                    "theme",
                    models.CharField(
                        choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")],
                        default="system",
                        max_length=8,
                        verbose_name="theme",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True, default="", max_length=16, verbose_name="language"
                    ),
                ),
                (
                    "time_format",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "As the language has it"),
                            ("24", "24 hours"),
                            ("12", "12 hours"),
                        ],
                        default="",
                        max_length=4,
                        verbose_name="time format",
                    ),
                ),
                ("is_staff", models.BooleanField(default=False, verbose_name="may open the admin")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("joined_at", models.DateTimeField(auto_now_add=True, verbose_name="joined")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="user_has_an_email_of_their_own",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("theme__in", ["system", "light", "dark"])),
                        name="user_theme_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Location",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("slug", models.SlugField(unique=True, verbose_name="address")),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[django.core.validators.RegexValidator("^[A-Z]{3}$")],
                        verbose_name="currency",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(default="UTC", max_length=64, verbose_name="time zone"),
                ),
                ("locale", models.CharField(default="en", max_length=16, verbose_name="locale")),
                (
                    "tax_name",
                    models.CharField(
                        blank=True, default="", max_length=30, verbose_name="tax name"
                    ),
                ),
                (
                    "tax_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=5,
                        verbose_name="tax percent",
                    ),
                ),
                (
                    "tax_included",
                    models.BooleanField(default=False, verbose_name="prices include tax"),
                ),
                (
                    "legal_name",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="legal name"
                    ),
                ),
                (
                    "address",
                    models.TextField(blank=True, default="", verbose_name="address on documents"),
                ),
                (
                    "vat_number",
                    models.CharField(
                        blank=True, default="", max_length=40, verbose_name="VAT number"
                    ),
                ),
                (
                    "registration_number",
                    models.CharField(
                        blank=True, default="", max_length=40, verbose_name="registration number"
                    ),
                ),
                (
                    "bank_details",
                    models.TextField(blank=True, default="", verbose_name="bank details"),
                ),
                (
                    "document_footer",
                    models.TextField(blank=True, default="", verbose_name="footer of documents"),
                ),
                (
                    "document_prefix",
                    models.CharField(
                        blank=True, default="", max_length=8, verbose_name="document prefix"
                    ),
                ),
                (
                    "payment_terms_days",
                    models.PositiveSmallIntegerField(
                        default=14, verbose_name="payment terms, days"
                    ),
                ),
                (
                    "reminder_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        blank=True,
                        default=community.models.locations.three_and_ten,
                        size=None,
                        verbose_name="reminders, days after due",
                    ),
                ),
                (
                    "bill_credits",
                    models.CharField(
                        choices=[("at_once", "At once"), ("when_paid", "When the bill is paid")],
                        default="at_once",
                        max_length=10,
                        verbose_name="credits bought on a bill",
                    ),
                ),
                (
                    "bill_limit_credits",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        verbose_name="most credits on one active bill",
                    ),
                ),
                (
                    "refuse_bills_while_overdue",
                    models.BooleanField(
                        default=True, verbose_name="no bill purchases while a bill is overdue"
                    ),
                ),
                (
                    "staff_limit_credits",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        max_digits=12,
                        verbose_name="most credits that staff may give or deduct at once",
                    ),
                ),
                (
                    "sender_name",
                    models.CharField(
                        blank=True, default="", max_length=60, verbose_name="sender of mails"
                    ),
                ),
                (
                    "reply_to",
                    models.EmailField(
                        blank=True, default="", max_length=254, verbose_name="reply address"
                    ),
                ),
                (
                    "require_second_factor",
                    models.BooleanField(
                        default=False, verbose_name="staff and admins need a second factor"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "location",
                "verbose_name_plural": "locations",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="location_currency_is_iso",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tax_percent__gte", 0), ("tax_percent__lt", 100)),
                        name="location_tax_is_a_percentage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bill_credits__in", ["at_once", "when_paid"])),
                        name="location_bill_credits_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bill_limit_credits", None),
                            ("bill_limit_credits__gt", 0),
                            _connector="OR",
                        ),
                        name="location_bill_limit_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("staff_limit_credits__gte", 0)),
                        name="location_staff_limit_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Company",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("closed", "Closed")],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="companies",
                        to="community.location",
                    ),
                ),
            ],
            options={
                "verbose_name": "company",
                "verbose_name_plural": "companies",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"),
                        django.db.models.functions.text.Lower("name"),
                        name="company_name_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "closed"])),
                        name="company_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "closed"), ("closed_at__isnull", True), _connector="XOR"
                        ),
                        name="company_closed_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(max_length=50, verbose_name="action")),
                ("subject", models.CharField(max_length=100, verbose_name="subject")),
                (
                    "reason",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="reason"),
                ),
                ("before", models.JSONField(blank=True, default=dict, verbose_name="before")),
                ("after", models.JSONField(blank=True, default=dict, verbose_name="after")),
                ("happened_at", models.DateTimeField(verbose_name="happened")),
                (
                    "user",
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
                "verbose_name": "audit record",
                "verbose_name_plural": "audit records",
                "indexes": [models.Index(fields=["location", "-id"], name="audit_by_location")],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("prefix", models.CharField(max_length=16, verbose_name="begins with")),
                ("digest", models.CharField(max_length=64, verbose_name="hash")),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("read", "Read: see everything of the location"),
                                ("sell", "Sell: quote and buy credits for members"),
                                ("spend", "Spend: take, hold and give back credits"),
                                ("manage", "Manage: assign plans, add to bills"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                        verbose_name="may",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                (
                    "last_used_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last used"),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="community.location",
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "constraints": [
                    models.UniqueConstraint(models.F("digest"), name="api_key_once_per_secret"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("scopes__len__gt", 0),
                            ("scopes__contained_by", ["read", "sell", "spend", "manage"]),
                        ),
                        name="api_key_may_something_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__isnull", True),
                            ("expires_at__gt", models.F("created_at")),
                            _connector="OR",
                        ),
                        name="api_key_expires_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80, verbose_name="idempotency key")),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="Of method, address and body.",
                        max_length=64,
                        verbose_name="fingerprint",
                    ),
                ),
                ("claimed_at", models.DateTimeField(verbose_name="claimed")),
                (
                    "status",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="status"),
                ),
                ("body", models.TextField(blank=True, default="", verbose_name="body")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="community.apikey",
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
                "verbose_name": "answer of the API",
                "verbose_name_plural": "answers of the API",
                "indexes": [models.Index(fields=["claimed_at"], name="answer_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("location", "api_key", "user", "key"),
                        name="answer_once_per_holder_and_key",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("api_key__isnull", True), ("user__isnull", True), _connector="XOR"
                        ),
                        name="answer_is_for_a_key_or_a_user",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LocationLogo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("png", models.BinaryField(verbose_name="image")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
                (
                    "location",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="logo",
                        to="community.location",
                    ),
                ),
            ],
            options={
                "verbose_name": "logo",
                "verbose_name_plural": "logos",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("digest", ""), _negated=True), name="logo_has_a_digest"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Member",
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
                            ("invited", "Invited"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("left", "Left"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("joined_at", models.DateTimeField(verbose_name="joined")),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="community.location",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "member",
                "verbose_name_plural": "members",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("location"), models.F("user"), name="member_once_per_location"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["invited", "active", "suspended", "left"])
                        ),
                        name="member_state_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "company",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customer",
                        to="community.company",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customers",
                        to="community.location",
                    ),
                ),
                (
                    "member",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="customer",
                        to="community.member",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("member__isnull", True), ("company__isnull", True), _connector="XOR"
                        ),
                        name="customer_is_a_member_or_a_company",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CompanyMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("manager", "Manager"), ("member", "Member")],
                        default="member",
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                (
                    "may_use_card",
                    models.BooleanField(default=False, verbose_name="may use the company card"),
                ),
                (
                    "may_use_bill",
                    models.BooleanField(default=False, verbose_name="may use the company bill"),
                ),
                ("joined_at", models.DateTimeField(verbose_name="joined")),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="people",
                        to="community.company",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="community.location"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="company_places",
                        to="community.member",
                    ),
                ),
            ],
            options={
                "verbose_name": "company member",
                "verbose_name_plural": "company members",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("company"), models.F("member"), name="company_member_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["manager", "member"])),
                        name="company_role_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Role",
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
                        choices=[("admin", "Admin"), ("staff", "Staff")],
                        max_length=8,
                        verbose_name="role",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to="community.location",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "role",
                "verbose_name_plural": "roles",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"),
                        models.F("location"),
                        name="role_once_per_user_and_location",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["admin", "staff"])),
                        name="role_kind_is_known",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_record_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8899e1956a252066e7891a440ed7b94c14478632",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_audit_record_append_only_8c402",
                    table="community_auditrecord",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_record_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="6a2d50de79ffecad719cc2ec39b35846cd705344",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_audit_record_no_truncate_f9458",
                    table="community_auditrecord",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apikey",
            trigger=pgtrigger.compiler.Trigger(
                name="api_key_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="9915f130a698e2050df72ed453a9a3e95c1816d5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_api_key_no_truncate_73609",
                    table="community_apikey",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="companymember",
            trigger=pgtrigger.compiler.Trigger(
                name="company_keeps_a_manager",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\nIF OLD.role = 'manager' AND NOT EXISTS (\n    SELECT 1 FROM community_companymember\n    WHERE company_id = OLD.company_id AND role = 'manager'\n) AND EXISTS (\n    SELECT 1 FROM community_company WHERE id = OLD.company_id AND state = 'open'\n) THEN\n    RAISE EXCEPTION 'company_keeps_a_manager' USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NULL;\n",
                    hash="933ade15587b171d45a944376717bd2e23c3cf5d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_company_keeps_a_manager_b9370",
                    table="community_companymember",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
