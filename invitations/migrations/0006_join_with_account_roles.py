from django.db import migrations, models

NAME = "invitations_invitation_offers_what_its_kind_does"


class Migration(migrations.Migration):
    dependencies = [("invitations", "0005_batches")]

    operations = [
        migrations.RemoveConstraint(model_name="invitation", name=NAME),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account", None), ("account_roles", ""), ("kind", "join")),
                    models.Q(
                        ("account__isnull", False),
                        ("kind", "join"),
                        models.Q(("account_roles", ""), _negated=True),
                    ),
                    models.Q(
                        ("account__isnull", False),
                        ("kind", "access"),
                        ("role", ""),
                        models.Q(("account_roles", ""), _negated=True),
                    ),
                    models.Q(
                        ("account__isnull", False),
                        ("account_roles", ""),
                        ("kind", "add_account"),
                        ("role", ""),
                    ),
                    _connector="OR",
                ),
                name=NAME,
            ),
        ),
    ]
