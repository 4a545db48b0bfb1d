from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0005_refusals'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='is_guarded',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
