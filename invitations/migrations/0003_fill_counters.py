from django.db import migrations
from django.db.models import Count


def fill(apps, schema_editor):
    organizations = apps.get_model("organizations", "Organization").objects
    counted = {
        "managed_users": apps.get_model("organizations", "Membership").objects.filter(
            ended_at=None
        ),
        "pending_users": apps.get_model("invitations", "Invitation").objects.filter(
            kind="join", accepted_at=None, revoked_at=None
        ),
        "managed_accounts": apps.get_model("accounts", "Account").objects.filter(parent=None),
    }
    for counter, rows in counted.items():
        each = rows.order_by().values_list("organization_id").annotate(number=Count("pk"))
        for organization_id, number in list(each):
            organizations.filter(pk=organization_id).update(**{counter: number})


class Migration(migrations.Migration):
    """The counters of organizations, from what is there already."""

    dependencies = [
        ("invitations", "0002_staff_search"),
        ("accounts", "0003_staff_search"),
        ("organizations", "0008_counters"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
