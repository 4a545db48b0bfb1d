from django.db import migrations

# By action: how a message began that named the new owner by their address.
NAMED = {
    "change-owner": ("Now owned by ", "Now owned by {}"),
    "remove": ("Removed; their accounts are ", "Removed; their accounts went to {}"),
}


def strip(apps, schema_editor):
    rows = apps.get_model("bulk", "BulkRow").objects
    runs = apps.get_model("bulk", "BulkRun").objects.filter(action__in=NAMED).order_by("pk")
    for run in runs.iterator(chunk_size=500):
        beginning, message = NAMED[run.action]
        named = rows.filter(run=run, message__startswith=beginning)
        named.update(message=message.format(run.parameters["owner"]))


class Migration(migrations.Migration):
    """Messages say people by their SIDs; going back, they stay so and can be read."""

    dependencies = [("bulk", "0001_initial")]

    operations = [migrations.RunPython(strip, migrations.RunPython.noop)]
