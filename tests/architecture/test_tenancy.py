"""Every table has its tenant or says why not, and every way around the scope is listed here."""

import ast

import pytest
from django.apps import apps
from django.db.models import Model

from adminctr.core.tenancy import (
    TenantManager,
    TenantModel,
    TenantRequired,
    every_tenant,
    person,
    tenant,
)
from audit.models import AuditEvent, ChainManager
from organizations.models import Organization
from tests.architecture import source
from users.models import User

MODELS = {model._meta.label: model for model in apps.get_models(include_auto_created=True)}
TENANT_MODELS = {label: one for label, one in MODELS.items() if issubclass(one, TenantModel)}

# Ours that no single organization owns.
GLOBALS = {
    "audit.AuditDetails": "reached from an event alone; the event is in scope",
    "audit.ChainHead": "one place per chain; read by the log and by verification",
    "domains.MailDomain": "what support says about a domain, whoever claims it",
    "organizations.Organization": "the tenant itself",
    "queue.PeriodicJob": "the calendar of the installation",
    "queue.WorkerHeartbeat": "the workers of the installation",
    "users.EmailChange": "an address that one person wants; found by that person",
    "users.Factor": "what one person proves at a log-in; found by that person",
    "users.PhoneCode": "a code that one person waits for; found by that person",
    "users.RememberedBrowser": "a browser's; found by the person who uses it",
    "users.Session": "a browser's; found by the person who is signed in",
    "users.SignUp": "an address that belongs to nobody yet",
    "users.User": "a person, who may change organizations",
}
FOREIGN_GLOBALS = {
    "admin.LogEntry",
    "account.EmailAddress",
    "account.EmailConfirmation",
    "auth.Group",
    "auth.Group_permissions",
    "auth.Permission",
    "contenttypes.ContentType",
    "django_tasks_database.DBTaskResult",
    "users.User_groups",
    "users.User_user_permissions",
}

# Where the scope may be left, and what for. A file that is not here may not.
UNSCOPED = {
    "accounts/access.py": "an account is found by its SID for whoever has a role on it",
    "accounts/limits.py": "how many roles somebody has, wherever they are",
    "accounts/mail.py": "tasks, by primary key",
    "accounts/queries.py": "the roles of an organization's people on accounts of others",
    "audit/chain.py": "verification reads every chain",
    "audit/log.py": "appends to the chain that the event names",
    "audit/management/commands/verify_audit.py": "an operator's command",
    "domains/claims.py": "who holds a domain, whoever asks",
    "domains/holding.py": "what a second holder means for the first",
    "domains/mail.py": "tasks, by primary key",
    "domains/record_links.py": "a signed link names its domain",
    "domains/operations/watching.py": "one look at the domains of many organizations",
    "invitations/mail.py": "a task, by primary key",
    "invitations/queries.py": "a mailed link names its invitation, a SID anybody's account",
    "users/belongings.py": "what somebody has on accounts of others",
    "users/deleting.py": "nothing of a person is left anywhere",
    "users/mail.py": "tasks, by primary key",
    "imports/mail.py": "a task, by primary key",
    "merges/absorption.py": "who else is in organizations that are asked about",
    "organizations/models.py": "where several people are, by their keys",
    "organizations/stays.py": "a person's roles follow them from one organization to the next",
}
EVERY_TENANT = {
    "accounts/jobs.py": "finds in which organizations something is due",
    "adminctr/web/demo.py": "was the demo made to its end",
    "adminctr/web/demo_people.py": "was the second company of the demo made to its end",
    "adminctr/web/invariants.py": "what must be true of the whole database",
    "adminctr/web/management/commands/recount.py": "an operator's command",
    "adminctr/web/staff.py": "the staff site: support staff look into every organization",
    "domains/jobs.py": "finds what is due, and what is old",
    "imports/jobs.py": "runs that are waiting for a worker, by primary key; old lists",
    "bulk/jobs.py": "runs that are waiting for a worker, by primary key",
    "invitations/jobs.py": "batches that are waiting for a worker, by primary key; old drafts",
    "users/jobs.py": "runs that are waiting for a worker, by primary key",
}
ALL_USERS = {
    "accounts/grants.py": "who is to get a role, locked",
    "accounts/mail.py": "tasks, by primary key",
    "adminctr/web/demo_organizations.py": "owners of what the demo has founded",
    "adminctr/web/invariants.py": "what must be true of the whole database",
    "domains/mail.py": "tasks, by primary key",
    "imports/candidates.py": "everybody with an address of one's own domains",
    "imports/gathering.py": "who is named on a list that was downloaded here",
    "imports/operations/running.py": "who is imported, locked",
    "invitations/operations/inviting.py": "is this address a login already",
    "invitations/batches.py": "which addresses of a table are logins already",
    "invitations/views/answering.py": "is this address a login already",
    "organizations/mail.py": "tasks, by primary key",
    "organizations/stays.py": "whose stay begins, locked",
    "users/forms.py": "whose password is to be reset",
    "users/mail.py": "tasks, by primary key",
    "users/management/operators.py": "whom an operator names",
    "users/newcomers.py": "makes the user of a proven address",
    "users/oneself.py": "the person themselves, or who is governed or leaves, locked",
    "users/operations/departing.py": "who is removed or comes back, locked",
    "users/operations/people.py": "people themselves",
    "users/operations/signing_up.py": "is this address a login already",
    "users/sessions.py": "when somebody was last active, written by the way",
    "users/sign_in.py": "who signs in",
    "users/standing.py": "who is logged out, locked",
}
ALL_ORGANIZATIONS = {
    "accounts/jobs.py": "those in which something is due",
    "adminctr/web/demo_organizations.py": "finds what it has founded",
    "adminctr/web/invariants.py": "what must be true of the whole database",
    "adminctr/web/management/commands/populate.py": "is the database empty",
    "invitations/models.py": "the counters of those whose invitations are closed",
    "merges/absorbing.py": "those that are absorbed, by their keys",
    "organizations/mail.py": "tasks, by primary key",
    "organizations/models.py": "its own lock and its own counters",
    "organizations/stays.py": "the counters of those that end",
    "users/mail.py": "tasks, by primary key",
    "overview/counters.py": "holds every counter against what it counts",
    "users/management/operators.py": "which one an operator names",
    "users/deleting.py": "who waits for an answer from an address",
    "users/keeping.py": "makes one for whoever keeps accounts",
    "users/operations/signing_up.py": "founds one at sign-up",
}
SQL_BY_HAND = {
    "adminctr/core/counting.py": "the cache's own table, which has no model",
    "adminctr/core/outages.py": "how long SQLite waits, which is a setting of its connection",
    "adminctr/core/search_indexes.py": "Django knows no trigram indexes of both engines",
    "adminctr/core/bulk.py": "Django has no COPY, and keys are given before",
    "adminctr/web/health.py": "whether PostgreSQL takes changes, which stands in no table",
    "audit/triggers.py": "Django has no triggers",
}


def files_with(attribute: str, owner: str | None = None) -> set[str]:
    """The files in which `owner.attribute` stands, whoever the owner where none is named."""
    return {
        source.path_of(file)
        for file in source.files()
        for node in source.nodes(file)
        if isinstance(node, ast.Attribute)
        and node.attr == attribute
        and (owner is None or (isinstance(node.value, ast.Name) and node.value.id == owner))
    }


def files_calling(name: str) -> set[str]:
    return {
        source.path_of(file)
        for file in source.files()
        for node in source.nodes(file)
        if isinstance(node, ast.Call)
        and name in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
    }


@pytest.mark.parametrize("label", MODELS)
def test_every_model_has_its_tenant_or_says_why_not(label: str) -> None:
    model = MODELS[label]
    if label in TENANT_MODELS:
        assert isinstance(model._default_manager, TenantManager)
        assert not model._meta.get_field("organization").null
    elif model is AuditEvent:
        assert isinstance(model._default_manager, ChainManager)
    else:
        assert label in GLOBALS or label in FOREIGN_GLOBALS


def test_the_list_of_globals_names_no_model_that_is_gone() -> None:
    assert set(GLOBALS) | FOREIGN_GLOBALS <= set(MODELS)
    assert not set(GLOBALS) & set(TENANT_MODELS)


def test_the_scope_is_left_where_it_is_listed_and_nowhere_else() -> None:
    assert files_with("unscoped") == set(UNSCOPED)


def test_every_tenant_is_seen_where_it_is_listed_and_nowhere_else() -> None:
    assert files_calling("every_tenant") == set(EVERY_TENANT)


def test_people_are_reached_through_their_stays_but_where_it_is_listed() -> None:
    assert files_with("objects", "User") == set(ALL_USERS)


def test_organizations_are_reached_through_the_scope_but_where_it_is_listed() -> None:
    assert files_with("objects", "Organization") == set(ALL_ORGANIZATIONS)


@pytest.mark.parametrize(
    ("disguise", "allowed"),
    [
        ("_base_manager", {"adminctr/core/runs.py"}),  # a worker's own run, by primary key
        ("_default_manager", set()),
        ("get_model", set()),
        ("get_user_model", set()),
        ("raw", set()),
    ],
)
def test_no_other_way_leads_around_the_scope(disguise: str, allowed: set[str]) -> None:
    assert files_with(disguise) | files_calling(disguise) == allowed


def test_sql_is_written_by_hand_where_it_is_listed_and_nowhere_else() -> None:
    assert files_calling("cursor") == set(SQL_BY_HAND)


def test_no_manager_is_given_another_name() -> None:
    """A third manager on a model of ours would be a way around the scope without a name."""
    for model in [*TENANT_MODELS.values(), AuditEvent]:
        assert {manager.name for manager in model._meta.managers} == {"objects", "unscoped"}


@pytest.mark.parametrize("model", [*TENANT_MODELS.values(), AuditEvent])
@pytest.mark.parametrize("read", ["all", "count", "first", "exists", "create", "bulk_create"])
def test_without_a_scope_nothing_is_read_and_nothing_written(
    db: None, model: type[Model], read: str
) -> None:
    arguments = [[]] if read == "bulk_create" else []
    with pytest.raises(TenantRequired):
        getattr(model._default_manager, read)(*arguments)


@pytest.mark.parametrize("model", TENANT_MODELS.values())
def test_a_tenant_reads_its_own_rows_alone(
    model: type[TenantModel], acme: Organization, globex: Organization
) -> None:
    for organization in (acme, globex):
        with tenant(organization):
            owners = set(model.objects.values_list("organization_id", flat=True))
            total = model.objects.count()
        assert owners <= {organization.pk}
        assert total == model.unscoped.filter(organization=organization).count()
    with every_tenant():
        assert model.objects.count() == model.unscoped.count()


@pytest.mark.parametrize("model", TENANT_MODELS.values())
def test_a_person_reads_the_rows_about_them_alone(model: type[TenantModel], ben: User) -> None:
    if model.person_column is None:
        with person(ben), pytest.raises(TenantRequired):
            model.objects.all()
        return
    mine = ben.email if model.person_column == "email" else ben.pk
    with person(ben):
        found = list(model.objects.values_list(model.person_column, flat=True))
    assert found
    assert set(found) == {mine}


def test_the_trail_is_read_chain_by_chain(acme: Organization, globex: Organization) -> None:
    with tenant(acme):
        assert set(AuditEvent.objects.values_list("chain", flat=True)) == {acme.sid}
    with tenant(acme, globex):
        assert set(AuditEvent.objects.values_list("chain", flat=True)) == {acme.sid, globex.sid}
    with every_tenant():
        assert AuditEvent.objects.filter(chain="system").exists()


def test_the_trail_is_not_read_by_person(ben: User) -> None:
    with person(ben), pytest.raises(TenantRequired):
        AuditEvent.objects.all()
