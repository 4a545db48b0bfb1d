import unicodedata

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Coalesce


def fill(apps, schema_editor):
    accounts = apps.get_model("accounts", "Account").objects
    users = apps.get_model("users", "User").objects
    owners = accounts.filter(owner_key="").values("owner").distinct()
    for user in users.filter(pk__in=owners).iterator():
        accounts.filter(owner=user).update(owner_key=_owner_key(user))
    accounts.filter(status="suspended", suspended_by="").update(suspended_by="organization")
    accounts.filter(type="full", second_factor="disabled").update(second_factor="once_per_computer")
    gone = accounts.filter(status__in=["pending_closure", "closed"])
    gone.update(closing_at=Coalesce("closing_at", F("created_at")))
    accounts.filter(status="closed").update(closed_at=Coalesce("closed_at", F("created_at")))


def _owner_key(user):
    """As accounts.models.owner_key made it when this was written."""
    name = f"{user.first_name} {user.last_name}".strip() or user.email
    return f"{unicodedata.normalize('NFKC', name).casefold().strip()[:255]} {user.email}"


class Migration(migrations.Migration):
    """What the rules of accounts ask for, from what is there already."""

    dependencies = [
        ("accounts", "0005_governed_accounts"),
        ("users", "0005_refusals"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
