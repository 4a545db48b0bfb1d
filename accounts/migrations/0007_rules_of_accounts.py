from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_fill_governed_accounts")]

    operations = [
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('product__in', ['twilio', 'flex'])), name='accounts_account_known_product'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('second_factor__in', ['disabled', 'once_per_computer', 'every_log_in']), ('type', 'trial')), ('second_factor__in', ['once_per_computer', 'every_log_in']), _connector='OR'), name='accounts_account_second_factor_once_upgraded'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'suspended'), ('suspended_by__in', ['organization', 'support', 'parent'])), models.Q(models.Q(('status', 'suspended'), _negated=True), ('suspended_by', '')), _connector='OR'), name='accounts_account_suspended_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('parent__isnull', False), models.Q(('suspended_by', 'parent'), _negated=True), _connector='OR'), name='accounts_account_suspended_by_parent_below_one'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closing_at', None), ('purged_at', None), ('status__in', ('active', 'suspended'))), models.Q(('closed_at', None), ('closing_at__isnull', False), ('purged_at', None), ('status', 'pending_closure')), models.Q(('closed_at__isnull', False), ('closing_at__isnull', False), ('status', 'closed')), _connector='OR'), name='accounts_account_closed_step_by_step'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(condition=models.Q(('form_key', ''), _negated=True), fields=('organization', 'form_key'), name='accounts_account_one_of_each_form'),
        ),
    ]
