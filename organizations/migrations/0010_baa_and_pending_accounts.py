from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0009_lists_of_users'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='baa_effective_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='organization',
            name='pending_accounts',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
