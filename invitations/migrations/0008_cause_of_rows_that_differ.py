from django.db import migrations, models

from adminctr.core.columns import KeyField

NAME = "invitations_invitationbatchrow_answered_in_words"
CAUSES = [
    ("address", "not an email address"),
    ("twice", "the same person twice"),
    ("differs", "the same person twice, asked for differently"),
    ("role", "no such organization role"),
    ("account", "no such account in your organization"),
    ("account_stopped", "the account is not active"),
    ("account_roles", "no such roles on an account"),
    ("domain", "domain not verified"),
    ("domain_common", "domain of a mail service"),
    ("domain_elsewhere", "domain managed by another organization"),
    ("no_member", "not a managed user of yours yet"),
    ("member", "a managed user already"),
    ("elsewhere", "a member of another organization"),
    ("invited", "invited already"),
    ("has_access", "access to the account already"),
    ("too_often", "too many invitations to this address today"),
]


class Migration(migrations.Migration):
    dependencies = [("invitations", "0007_batch_rows_by_email")]

    operations = [
        migrations.RemoveConstraint(model_name="invitationbatchrow", name=NAME),
        migrations.AlterField(
            model_name="invitationbatchrow",
            name="cause",
            field=KeyField(blank=True, choices=CAUSES, default="", max_length=20),
        ),
        migrations.AddConstraint(
            model_name="invitationbatchrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cause", ""), ("message", ""), ("state", "waiting")),
                    models.Q(
                        ("cause__in", [value for value, _ in CAUSES]),
                        ("state", "left_out"),
                        models.Q(("message", ""), _negated=True),
                    ),
                    models.Q(
                        ("cause", ""),
                        ("state__in", ["done", "refused"]),
                        models.Q(("message", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name=NAME,
            ),
        ),
    ]
