from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('imports', '0002_rows_by_person'),
    ]

    operations = [
        migrations.AddField(
            model_name='importpart',
            name='ending',
            field=models.JSONField(null=True),
        ),
    ]
