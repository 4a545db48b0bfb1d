from django.db import migrations

from adminctr.core.text import sort_key


def fill(apps, schema_editor):
    organizations = apps.get_model("organizations", "Organization").objects
    for pk, name in list(organizations.values_list("pk", "name")):
        organizations.filter(pk=pk).update(name_key=sort_key(name))


class Migration(migrations.Migration):
    """The key of the names that are there already; going back, the column goes with it."""

    dependencies = [("organizations", "0004_organization_name_key")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
