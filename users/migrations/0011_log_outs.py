from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0010_offboarding_sheets'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='log_outs',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
