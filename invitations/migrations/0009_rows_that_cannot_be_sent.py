from django.db import migrations

from adminctr.core.columns import KeyField


class Migration(migrations.Migration):
    dependencies = [("invitations", "0008_cause_of_rows_that_differ")]

    operations = [
        migrations.AlterField(
            model_name="invitationbatchrow",
            name="state",
            field=KeyField(
                choices=[
                    ("waiting", "Ready"),
                    ("left_out", "Cannot be sent"),
                    ("done", "Sent"),
                    ("refused", "Refused"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
    ]
