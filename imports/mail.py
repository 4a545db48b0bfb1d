"""Mail to those who were imported."""

from django.tasks import task
from django.urls import reverse

from adminctr.core import mail
from adminctr.core.text import name_in_mail
from adminctr.queue import priorities
from imports.models import ImportRow
from organizations.models import Role


@task(priority=priorities.ONE_OF_MANY)
def send_imported(run_key: int, user_key: int) -> None:
    """Tell somebody that they are a managed user now, with what came along."""
    rows = ImportRow.unscoped.imported().select_related("run", "user", "organization")
    row = rows.get(run=run_key, user=user_key)
    mail.send(
        "imported",
        to=row.user.email,
        key=f"{row.run.sid}:{row.user.sid}",
        organization=name_in_mail(row.organization.name),
        role=Role.STANDARD.label,
        accounts=row.accounts,
        has_own=row.has_own,
        log_in=mail.link(reverse("account_login")),
    )
