from django.db import migrations


def strip(apps, schema_editor):
    lists = apps.get_model("imports", "ImportList").objects.filter(run__isnull=False).order_by("pk")
    for listing in lists.iterator(chunk_size=500):
        for group in listing.groups.values():
            group["examples"] = []
        listing.save(update_fields=["groups"])


class Migration(migrations.Migration):
    """Once a run has started, its rows say who was meant; going back, examples stay away."""

    dependencies = [("imports", "0003_organizations_that_end")]

    operations = [migrations.RunPython(strip, migrations.RunPython.noop)]
