from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organizations", "0007_stay_by_role")]

    operations = [
        migrations.AddField(
            "organization", counter, models.PositiveIntegerField(default=0, db_default=0)
        )
        for counter in ("managed_users", "pending_users", "managed_accounts")
    ]
