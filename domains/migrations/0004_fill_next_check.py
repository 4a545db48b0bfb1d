from django.db import migrations
from django.db.models import F

from adminctr.core import clock


def look_at_once(apps, schema_editor):
    """Domains that are held already are looked at by the next worker, and spread from then on."""
    domains = apps.get_model("domains", "Domain")._base_manager
    held = domains.exclude(status="unverified").filter(next_check_at=None)
    held.update(next_check_at=clock.now(), proven_at=F("verified_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('domains', '0003_states_over_time'),
    ]

    operations = [
        migrations.RunPython(look_at_once, migrations.RunPython.noop),
    ]
