from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0013_stay_signed_in_key'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='name',
            field=models.CharField(blank=True, db_default='', default='', max_length=511),
        ),
    ]
