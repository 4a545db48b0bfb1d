import adminctr.core.columns
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_lists_of_accounts_and_roles'),
        ('organizations', '0010_baa_and_pending_accounts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='closing_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='form_key',
            field=adminctr.core.columns.KeyField(blank=True, db_default='', default='', max_length=64),
        ),
        migrations.AddField(
            model_name='account',
            name='is_hipaa',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='account',
            name='last_active_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='owner_key',
            field=adminctr.core.columns.KeyField(db_default='', max_length=420),
        ),
        migrations.AddField(
            model_name='account',
            name='product',
            field=models.CharField(choices=[('twilio', 'Twilio'), ('flex', 'Flex')], db_default='twilio', default='twilio', max_length=10),
        ),
        migrations.AddField(
            model_name='account',
            name='purged_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='second_factor',
            field=models.CharField(choices=[('disabled', 'Disabled'), ('once_per_computer', 'Once per computer'), ('every_log_in', 'Every log-in')], db_default='disabled', default='disabled', max_length=20),
        ),
        migrations.AddField(
            model_name='account',
            name='suspended_by',
            field=models.CharField(blank=True, choices=[('organization', 'The organization'), ('support', 'Support'), ('parent', 'The account above it')], db_default='', default='', max_length=12),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('parent', None)), fields=['organization', 'owner_key', 'id'], name='accounts_account_by_owner'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('parent', None)), fields=['organization', 'type'], name='accounts_account_by_type'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('parent', None)), fields=['organization', 'last_active_at'], name='accounts_account_by_activity'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('is_hipaa', True), ('parent', None)), fields=['organization', 'id'], name='accounts_account_hipaa'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent', 'name_key', 'id'], name='accounts_sub_by_name'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent', 'created_at', 'id'], name='accounts_sub_by_created'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('closing_at__isnull', False), ('purged_at', None)), fields=['closing_at'], name='accounts_account_to_purge'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False), ('ended_at', None)), fields=['account', 'name_key', 'id'], name='accounts_role_users_by_name'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False), ('ended_at', None)), fields=['account', 'began_at', 'id'], name='accounts_role_users_by_began'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False), ('ended_at', None), models.Q(('holder_organization', models.F('organization')), _negated=True)), fields=['organization', 'holder', 'id'], name='accounts_role_independent'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False), ('ended_at', None), models.Q(('holder_organization', models.F('organization')), _negated=True)), fields=['organization', 'name_key', 'id'], name='accounts_role_indep_by_name'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False), ('ended_at', None), models.Q(('holder_organization', models.F('organization')), _negated=True)), fields=['organization', 'began_at', 'id'], name='accounts_role_indep_by_began'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False), ('ended_at', None), models.Q(('holder_organization', models.F('organization')), _negated=True)), fields=['holder_organization', 'account', 'id'], name='accounts_role_elsewhere'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False), ('ended_at', None), models.Q(('holder_organization', models.F('organization')), _negated=True)), fields=['holder_organization', 'began_at', 'id'], name='accounts_role_elsewhere_began'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('ended_at', None), ('ends_at__isnull', False)), fields=['ends_at'], name='accounts_role_to_end'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['holder', 'id'], name='accounts_role_of_holder'),
        ),
        migrations.RemoveIndex(
            model_name='roleassignment',
            name='accounts_role_on_accounts',
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('account__isnull', False)), fields=['organization', 'account', 'holder'], name='accounts_role_of_pair'),
        ),
    ]
