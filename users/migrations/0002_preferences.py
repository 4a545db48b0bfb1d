from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0001_user'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='appearance',
            field=models.CharField(choices=[('auto', 'As the system'), ('light', 'Light'), ('dark', 'Dark')], db_default='auto', default='auto', max_length=5),
        ),
        migrations.AddField(
            model_name='user',
            name='has_shortcuts',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='user',
            name='time_zone',
            field=models.CharField(db_default='UTC', default='UTC', max_length=64),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('appearance__in', ['auto', 'light', 'dark'])), name='users_user_known_appearance'),
        ),
    ]
