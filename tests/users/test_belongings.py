"""Every table that points at people says what becomes of it when one of them leaves."""

import pytest
from django.apps import apps
from django.db.models import Field

from users.models import User

WAITED_FOR = "nobody is offboarded while it is under way; who leaves with a domain stops it"

# Where leaving settles it (users.belongings), or why nothing needs to become of it. Whoever leaves
# with a lost domain is asked nothing: the Owner takes over (decision 0021).
SETTLED = {
    "accounts.Account.owner": "a new owner is chosen for each, or it is the Owner",
    "accounts.RoleAssignment.holder": "ends, or stays where it is another organization's",
    "bulk.BulkRun.by": WAITED_FOR,
    "imports.ImportRun.by": WAITED_FOR,
    "invitations.Invitation.invited_by": "goes on under another name, or is revoked",
    "organizations.Membership.user": "ends",
    "organizations.SavedView.by": "goes on under another name, or is forgotten",
    "users.Departure.by": WAITED_FOR,
    "users.Expectation.by": "goes on under another name",
    "users.Offboarding.user": "what was planned is done or called off",
    "users.Session.user": "ends",
}
HISTORY = {
    "accounts.RoleAssignment.by": "who gave it",
    "invitations.Invitation.accepted_by": "who accepted it",
    "organizations.Membership.by": "who let them in",
    "imports.ImportRow.user": "whom it was about",
    "users.Departed.user": "what they had when their domain was lost",
    "users.Offboarding.by": "who planned it; read again on its day",
}
OF_THE_LOGIN = {
    "account.EmailAddress.user": "goes with the login",
    "admin.LogEntry.user": "not written",
    "organizations.Organization.owner": "the Owner does not leave",
    "users.EmailChange.user": "called off",
    "users.Factor.user": "goes with the login",
    "users.PhoneCode.user": "goes with the login",
    "users.RememberedBrowser.user": "forgotten",
    "users.User_groups.user": "support staff are dismissed first",
    "users.User_user_permissions.user": "nobody has any",
}
DRAFTS = {
    "imports.ImportList.by": "thrown away by a job when it is old",
    "invitations.InvitationBatch.by": f"cancelled by a job when it is old; once sent, {WAITED_FOR}",
}


def pointing_at_people() -> list[str]:
    models = apps.get_models(include_auto_created=True)
    fields = [(model, field) for model in models for field in model._meta.concrete_fields]
    return sorted(_name(model, one) for model, one in fields if one.related_model is User)


def _name(model: type, field: Field) -> str:
    return f"{model._meta.label}.{field.name}"


@pytest.mark.parametrize("name", pointing_at_people())
def test_what_points_at_people_is_declared(name) -> None:
    assert name in SETTLED | HISTORY | OF_THE_LOGIN | DRAFTS


def test_nothing_is_declared_that_there_is_not() -> None:
    assert set(SETTLED | HISTORY | OF_THE_LOGIN | DRAFTS) <= set(pointing_at_people())
