import adminctr.core.columns
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_governed_accounts'),
        ('invitations', '0003_fill_counters'),
        ('organizations', '0010_baa_and_pending_accounts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='invitation',
            name='invitations_invitation_one_open_per_address',
        ),
        migrations.RemoveConstraint(
            model_name='invitation',
            name='invitations_invitation_never_as_owner',
        ),
        migrations.RemoveConstraint(
            model_name='invitation',
            name='invitations_invitation_known_kind',
        ),
        migrations.RemoveConstraint(
            model_name='invitation',
            name='invitations_invitation_one_ending',
        ),
        migrations.RemoveIndex(
            model_name='invitation',
            name='invitations_pending_newest',
        ),
        migrations.AddField(
            model_name='invitation',
            name='access_ends_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='invitation',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='account_roles',
            field=adminctr.core.columns.KeyField(blank=True, db_default='', default='', max_length=80),
        ),
        migrations.AddField(
            model_name='invitation',
            name='declined_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='invitation',
            name='reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AlterField(
            model_name='invitation',
            name='kind',
            field=models.CharField(choices=[('join', 'Join the organization'), ('access', 'Access to an account'), ('add_account', 'Let an account be added')], default='join', max_length=20),
        ),
        migrations.AlterField(
            model_name='invitation',
            name='role',
            field=models.CharField(blank=True, choices=[('administrator', 'Administrator'), ('standard', 'Standard User (Account Creation)')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('accepted_at', None), ('declined_at', None), ('revoked_at', None)), fields=['organization', 'kind', '-created_at', '-id'], name='invitations_pending_newest'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('accepted_at', None), ('declined_at', None), ('revoked_at', None), ('account__isnull', False)), fields=['account', '-created_at', '-id'], name='invitations_pending_to_account'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('declined_at', None), ('revoked_at', None), ('kind', 'join')), fields=('organization', 'kind', 'email'), name='invitations_invitation_one_open_per_address'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('declined_at', None), ('revoked_at', None), ('kind', 'access')), fields=('account', 'email'), name='invitations_invitation_one_open_per_account_and_address'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('declined_at', None), ('revoked_at', None), ('kind', 'add_account')), fields=('organization', 'account'), name='invitations_invitation_one_open_per_account_to_add'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account', None), ('account_roles', ''), ('kind', 'join')), models.Q(('account__isnull', False), ('kind', 'access'), ('role', ''), models.Q(('account_roles', ''), _negated=True)), models.Q(('account__isnull', False), ('account_roles', ''), ('kind', 'add_account'), ('role', '')), _connector='OR'), name='invitations_invitation_offers_what_its_kind_does'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('account_roles__contains', 'owner'), _negated=True), name='invitations_invitation_never_as_account_owner'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'join'), ('role__in', ('administrator', 'standard'))), models.Q(models.Q(('kind', 'join'), _negated=True), ('role', '')), _connector='OR'), name='invitations_invitation_never_as_owner'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['join', 'access', 'add_account'])), name='invitations_invitation_known_kind'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('accepted_at', None), ('declined_at', None)), models.Q(('accepted_at', None), ('revoked_at', None)), models.Q(('declined_at', None), ('revoked_at', None)), _connector='OR'), name='invitations_invitation_one_ending'),
        ),
    ]
