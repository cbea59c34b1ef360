import django.db.models.deletion
from django.db import migrations, models

# What was taken off a bill before purchases kept how much that was.
NOTE_TAKEN_BACK = """
    UPDATE membership_purchase p SET taken_back_minor = off.total_minor
    FROM (
        SELECT item.id, CASE WHEN gone.id IS NULL THEN
            (SELECT sum(total_minor) FROM billing_creditnoteline WHERE bill_item_id = item.id)
            ELSE item.total_minor END AS total_minor
        FROM billing_billitem item LEFT JOIN billing_billitem gone ON gone.removes_id = item.id
    ) off
    WHERE off.id = p.bill_item_id AND p.accrual_id IS NOT NULL
      AND off.total_minor > p.taken_back_minor
"""
NOTE_WAIVED = """
    INSERT INTO membership_owedcredits
        (location_id, purchase_id, credits, lifted, state, noticed_at, note, closed_by_id, closed_at)
    SELECT p.location_id, p.id,
           trunc(p.credits * p.taken_back_minor / p.total_minor, 2) - p.reversed_credits,
           0, 'waived', off.at, off.note, off.made_by_id, off.at
    FROM membership_purchase p
    JOIN LATERAL (
        SELECT note.reason AS note, note.made_by_id, note.issued_at AS at
        FROM billing_creditnoteline line
        JOIN billing_creditnote note ON note.id = line.credit_note_id
        WHERE line.bill_item_id = p.bill_item_id
        UNION ALL
        SELECT 'Taken off the bill', gone.added_by_id, gone.added_at
        FROM billing_billitem gone WHERE gone.removes_id = p.bill_item_id
        ORDER BY at DESC LIMIT 1
    ) off ON true
    WHERE p.accrual_id IS NOT NULL AND p.taken_back_minor > 0
      AND trunc(p.credits * p.taken_back_minor / p.total_minor, 2) > p.reversed_credits
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0009_bills_are_due_again"),
        ("membership", "0006_owed_credits"),
        ("payments", "0011_refunds_and_disputes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="owedcredits",
            name="taking",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="owed",
                to="payments.transaction",
            ),
        ),
        migrations.AddConstraint(
            model_name="owedcredits",
            constraint=models.CheckConstraint(
                condition=models.Q(("taking__isnull", False), ("state", "waived"), _connector="OR"),
                name="owed_credits_off_a_bill_are_waived",
            ),
        ),
        migrations.RunSQL(NOTE_TAKEN_BACK, migrations.RunSQL.noop),
        migrations.RunSQL(NOTE_WAIVED, migrations.RunSQL.noop),
    ]
