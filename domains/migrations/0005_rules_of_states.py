from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('domains', '0004_fill_next_check'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='domain',
            constraint=models.CheckConstraint(condition=models.Q(('slot', 0), ('sharing_approved_at__isnull', False), _connector='OR'), name='domains_domain_shared_with_approval'),
        ),
        migrations.AddConstraint(
            model_name='domain',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ['dns', 'https'])), name='domains_domain_known_method'),
        ),
        migrations.AddConstraint(
            model_name='domain',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_check_at', None), ('status', 'unverified')), models.Q(('next_check_at__isnull', False), ('status__in', ('verified', 'verified-uncertain'))), _connector='OR'), name='domains_domain_checked_again_while_held'),
        ),
        migrations.AddConstraint(
            model_name='domain',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('status', 'verified-uncertain'), _negated=True), ('uncertain_since', None)), models.Q(('missing_since__isnull', False), ('status', 'verified-uncertain'), ('uncertain_since__isnull', False)), _connector='OR'), name='domains_domain_uncertain_since_it_went_missing'),
        ),
    ]
