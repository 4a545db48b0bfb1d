from django.db import migrations

GIVEN = " given to "


def strip(apps, schema_editor):
    rows = apps.get_model("users", "Offboarding").objects.exclude(done_at=None).order_by("pk")
    for row in rows.iterator(chunk_size=500):
        row.sheet = [_stripped(effect, row.choices) for effect in row.sheet]
        row.save(update_fields=["sheet"])


def _stripped(effect, choices):
    things = [[sid, "" if sid.startswith("NF") else name, note] for sid, name, note in effect["things"]]
    before, given, _ = effect["text"].partition(GIVEN)
    if given and things:
        owner = choices.get("owners", {}).get(things[0][0]) or choices.get("owner")
        if owner:
            return effect | {"text": f"{before}{GIVEN}{owner}.", "things": things}
    return effect | {"things": things}


class Migration(migrations.Migration):
    """Sheets say people and invitations by their SIDs; going back, they stay so and can be read."""

    dependencies = [("users", "0011_log_outs")]

    operations = [migrations.RunPython(strip, migrations.RunPython.noop)]
