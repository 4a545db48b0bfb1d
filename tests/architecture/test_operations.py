"""Every operation says what it is, has one shape, and refuses people of other organizations."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any

import pytest

from accounts.models import Account, AccountRole, RoleAssignment, SecondFactor
from accounts.operations import (
    Relinquishment,
    close_account,
    configure_account,
    create_account,
    create_subaccount,
    end_overdue_roles,
    finish_closing,
    purge_account,
    reactivate_account,
    record_baa,
    relinquish_access,
    remove_access,
    set_account_limit,
    set_hipaa,
    set_roles,
    suspend_account,
    transfer_account,
    upgrade_account,
)
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from adminctr.core.tenancy import TenantModel, every_tenant, tenant
from audit.models import AuditEvent
from bulk.models import BulkRow, BulkRun
from bulk.operations import start_bulk_run, take_bulk_step
from domains.models import Domain
from domains.operations import add_domain, check_domain, remove_domain, settle_check
from domains.probes import Outcome, TxtAnswer
from invitations.models import Invitation
from invitations.operations import (
    accept_access,
    accept_invitation,
    add_existing_account,
    decline_invitation,
    invite_to_account,
    invite_user,
    resend_invitation,
    revoke_invitation,
)
from merges.operations import Absorption, absorb
from organizations.models import Membership, Organization, Role
from organizations.operations import (
    change_role,
    export_list,
    hide_checklist,
    rename_organization,
    transfer_ownership,
)
from organizations.policy import StaffGroup
from tests.architecture import source
from tests.bulk.runs import run_of
from tests.conftest import acting
from tests.users.people import email_change_of, session_of
from users.models import Appearance, EmailChange, Session, User
from users.operations import (
    appoint_staff,
    cancel_email_change,
    change_email,
    change_name,
    change_password,
    change_preferences,
    dismiss_staff,
    end_every_session,
    end_other_sessions,
    end_session,
    found_organization,
    lift_suspension,
    reset_password,
    start_email_change,
    suspend_login,
)
from users.passwords import hash_password

MODULES = {
    name: import_module(name)
    for name in source.domain_modules()
    if name.partition(".")[2].partition(".")[0] == "operations"
}
PACKAGES = sorted({name.rpartition(".")[0] for name in MODULES if not name.endswith(".operations")})

# Public functions beside operations: they read and change nothing.
HELPERS = {
    "accounts.operations.governing.hipaa_refusal",
    "accounts.operations.roles.both",
    "accounts.operations.standing.reactivation_refusal",
    "invitations.operations.inviting.may_not",
    "invitations.operations.inviting.resend_refusal",
    "merges.operations.both",
}

# What operations of one package share: they write, and nobody else calls them.
SHARED = {
    "invitations.operations.inviting.note",
    "invitations.operations.inviting.still_open",
    "invitations.operations.inviting.withdraw",
}

# What somebody does about their own sign-in, and how they prove that it is theirs.
PERSONAL = {
    "users.operations.record_failed_log_in": "the log-in page",
    "users.operations.record_log_in": "the log-in page, after the password",
    "users.operations.record_log_out": "their session",
    "users.operations.request_password_reset": "anybody may ask; the mail goes to the owner",
    "users.operations.record_wrong_password": "somebody who is asked for their password again",
    "users.operations.sign_up": "the mailed link",
    "users.operations.start_sign_up": "anybody may ask; the mail goes to the address",
    "invitations.operations.accepting.accept_access_as_newcomer": "the mailed link",
    "invitations.operations.accepting.accept_invitation_as_newcomer": "the mailed link",
}


def public_functions() -> dict[str, Callable[..., Any]]:
    return {
        f"{module}.{name}": function
        for module, namespace in MODULES.items()
        for name, function in vars(namespace).items()
        if inspect.isfunction(function)
        and function.__module__ == module
        and not name.startswith("_")
    }


FUNCTIONS = public_functions()
OPERATIONS = {name: one for name, one in FUNCTIONS.items() if hasattr(one, "is_operation")}
CHECKS = {name: one for name, one in FUNCTIONS.items() if hasattr(one, "is_check")}
DOORS = OPERATIONS | CHECKS


@dataclass
class Acme:
    """What somebody from outside might reach for."""

    organization: Organization
    ana: User
    eve: Actor
    email_change: EmailChange
    session: Session
    billing: Account
    to_billing: Invitation
    bulk_run: BulkRun

    @cached_property
    def stay(self) -> Membership:
        return self._first(Membership, email="cy@acme.example")

    @cached_property
    def account(self) -> Account:
        return self._first(Account, name="Billing")

    @cached_property
    def domain(self) -> Domain:
        return self._first(Domain, name="acme-labs.example")

    @cached_property
    def invitation(self) -> Invitation:
        return self._first(Invitation, email="hana@acme.example")

    @cached_property
    def cy(self) -> User:
        return self.stay.user

    @cached_property
    def relinquishment(self) -> Relinquishment:
        """Of an account in whose organization whoever attempts it is Owner."""
        globex = Organization.objects.get(name="Globex")
        with tenant(globex):
            account = Account.objects.select_related("organization").get()
        return Relinquishment(self.organization, account)

    @cached_property
    def absorption(self) -> Absorption:
        freelance = Organization.objects.get(name="Freelance")
        return Absorption(freelance, into=self.organization)

    def _first(self, model: type[TenantModel], **lookup: str) -> Any:
        with tenant(self.organization):
            return model.objects.select_related("organization").get(**lookup)


ANSWER = TxtAnswer(Outcome.NO_NAME)
ATTEMPTS: dict[str, Callable[[Acme], Any]] = {
    "accounts.operations.governing.configure_account": lambda acme: configure_account(
        acme.billing, name="Mine", second_factor=SecondFactor.DISABLED, actor=acme.eve
    ),
    "accounts.operations.governing.record_baa": lambda acme: record_baa(
        acme.organization, effective_on=clock.now().date(), actor=acme.eve
    ),
    "accounts.operations.governing.set_hipaa": lambda acme: set_hipaa(
        acme.billing, enabled=True, actor=acme.eve
    ),
    "accounts.operations.governing.transfer_account": lambda acme: transfer_account(
        acme.billing, to=acme.cy, actor=acme.eve
    ),
    "accounts.operations.opening.create_subaccount": lambda acme: create_subaccount(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.opening.upgrade_account": lambda acme: upgrade_account(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.roles.end_overdue_roles": lambda acme: end_overdue_roles(
        acme.organization, actor=acme.eve
    ),
    "accounts.operations.roles.relinquish_access": lambda acme: relinquish_access(
        acme.relinquishment, actor=acme.eve
    ),
    "accounts.operations.roles.remove_access": lambda acme: remove_access(
        acme.billing, holder=acme.cy, actor=acme.eve
    ),
    "accounts.operations.roles.set_roles": lambda acme: set_roles(
        acme.billing, holder=acme.cy, roles=[AccountRole.DEVELOPER], actor=acme.eve
    ),
    "accounts.operations.standing.close_account": lambda acme: close_account(
        acme.billing, digest="", actor=acme.eve
    ),
    "accounts.operations.standing.finish_closing": lambda acme: finish_closing(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.standing.purge_account": lambda acme: purge_account(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.standing.reactivate_account": lambda acme: reactivate_account(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.standing.suspend_account": lambda acme: suspend_account(
        acme.billing, actor=acme.eve
    ),
    "invitations.operations.accepting.accept_access": lambda acme: accept_access(
        acme.to_billing, user=acme.ana, actor=acme.eve
    ),
    "invitations.operations.accepting.decline_invitation": lambda acme: decline_invitation(
        acme.to_billing, actor=acme.eve
    ),
    "invitations.operations.inviting.add_existing_account": lambda acme: add_existing_account(
        acme.organization, sid=acme.relinquishment.account.sid, actor=acme.eve
    ),
    "invitations.operations.inviting.invite_to_account": lambda acme: invite_to_account(
        acme.billing, email="spy@ext.example", roles=[AccountRole.SUPPORT], actor=acme.eve
    ),
    "users.operations.found_organization": lambda acme: found_organization(
        acme.ana, name="Mine", actor=acme.eve
    ),
    "accounts.operations.opening.create_account": lambda acme: create_account(
        acme.organization, name="Mine", owner=acme.ana, actor=acme.eve
    ),
    "accounts.operations.opening.set_account_limit": lambda acme: set_account_limit(
        acme.organization, limit=1000, actor=acme.eve
    ),
    "bulk.operations.start_bulk_run": lambda acme: start_bulk_run(
        acme.organization,
        action="suspend",
        chosen=[acme.account.sid],
        parameters={},
        digest="",
        actor=acme.eve,
    ),
    "bulk.operations.take_bulk_step": lambda acme: take_bulk_step(acme.bulk_run, actor=acme.eve),
    "domains.operations.add_domain": lambda acme: add_domain(
        acme.organization, name="evil.example", actor=acme.eve
    ),
    "domains.operations.check_domain": lambda acme: check_domain(acme.domain, actor=acme.eve),
    "domains.operations.remove_domain": lambda acme: remove_domain(acme.domain, actor=acme.eve),
    "domains.operations.settle_check": lambda acme: settle_check(
        acme.domain, answer=ANSWER, actor=acme.eve
    ),
    "invitations.operations.accepting.accept_invitation": lambda acme: accept_invitation(
        acme.invitation, user=acme.ana, absorbing=None, actor=acme.eve
    ),
    "invitations.operations.inviting.invite_user": lambda acme: invite_user(
        acme.organization, email="spy@acme.example", role=Role.ADMINISTRATOR, actor=acme.eve
    ),
    "invitations.operations.inviting.resend_invitation": lambda acme: resend_invitation(
        acme.invitation, actor=acme.eve
    ),
    "invitations.operations.inviting.revoke_invitation": lambda acme: revoke_invitation(
        acme.invitation, actor=acme.eve
    ),
    "merges.operations.absorb": lambda acme: absorb(acme.absorption, actor=acme.eve),
    "organizations.operations.change_role": lambda acme: change_role(
        acme.stay, role=Role.ADMINISTRATOR, actor=acme.eve
    ),
    "organizations.operations.export_list": lambda acme: export_list(
        acme.organization, listed="managed users", which="all", actor=acme.eve
    ),
    "organizations.operations.hide_checklist": lambda acme: hide_checklist(
        acme.stay, steps=["domain"], actor=acme.eve
    ),
    "organizations.operations.rename_organization": lambda acme: rename_organization(
        acme.organization, name="Mine", actor=acme.eve
    ),
    "organizations.operations.transfer_ownership": lambda acme: transfer_ownership(
        acme.organization, to="cy@acme.example", actor=acme.eve
    ),
    "users.operations.cancel_email_change": lambda acme: cancel_email_change(
        acme.email_change, actor=acme.eve
    ),
    "users.operations.change_email": lambda acme: change_email(
        acme.email_change, keep="", actor=acme.eve
    ),
    "users.operations.change_name": lambda acme: change_name(
        acme.ana, first_name="Eve", last_name="", actor=acme.eve
    ),
    "users.operations.change_password": lambda acme: change_password(
        acme.ana, password=hash_password("not hers"), keep="", actor=acme.eve
    ),
    "users.operations.reset_password": lambda acme: reset_password(
        acme.ana, password=hash_password("not hers"), actor=acme.eve
    ),
    "users.operations.change_preferences": lambda acme: change_preferences(
        acme.ana,
        appearance=Appearance.DARK,
        time_zone="UTC",
        has_shortcuts=False,
        actor=acme.eve,
    ),
    "users.operations.end_every_session": lambda acme: end_every_session(
        clock.now(), actor=acme.eve
    ),
    "users.operations.end_other_sessions": lambda acme: end_other_sessions(
        acme.ana, keep="", actor=acme.eve
    ),
    "users.operations.end_session": lambda acme: end_session(acme.session, actor=acme.eve),
    "users.operations.start_email_change": lambda acme: start_email_change(
        acme.ana, email="spy@acme.example", actor=acme.eve
    ),
    "users.operations.appoint_staff": lambda acme: appoint_staff(
        acme.ana, group=StaffGroup.LEADS, actor=acme.eve
    ),
    "users.operations.dismiss_staff": lambda acme: dismiss_staff(acme.ana, actor=acme.eve),
    "users.operations.lift_suspension": lambda acme: lift_suspension(acme.ana, actor=acme.eve),
    "users.operations.suspend_login": lambda acme: suspend_login(acme.ana, actor=acme.eve),
}


@pytest.fixture
def within_reach(acme: Organization, ana: User, eve: User) -> Acme:
    billing = Account.unscoped.select_related("organization").get(name="Billing")
    to_billing = invite_to_account(
        billing, email="nadia@ext.example", roles=[AccountRole.DEVELOPER], actor=acting(ana)
    )
    assert to_billing
    email_change, session = email_change_of(ana), session_of(ana)
    return Acme(acme, ana, acting(eve), email_change, session, billing, to_billing, run_of(acme))


def what_stands() -> list[Any]:
    """Everything that an operation of Acme's could have changed, and how many changes are told."""
    tables = (
        Account, BulkRow, BulkRun, Domain, EmailChange, Invitation, Membership, Organization,
        RoleAssignment, Session, User, User.groups.through,
    )  # fmt: skip
    with every_tenant():
        rows = [list(table.objects.order_by("pk").values_list()) for table in tables]
    return [*rows, AuditEvent.unscoped.exclude(action__endswith=".refused").count()]


def test_there_are_operations_to_look_at() -> None:
    assert len(OPERATIONS) >= 50
    assert "domains.operations.check_domain" in CHECKS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_is_an_operation_or_says_why_not(name: str) -> None:
    assert (name in DOORS) + (name in HELPERS) + (name in SHARED) == 1


def test_the_lists_of_helpers_name_none_that_is_gone() -> None:
    assert set(FUNCTIONS) >= HELPERS | SHARED


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_of_operations_offers_every_one_and_nothing_that_they_share(package: str) -> None:
    offered = set(import_module(package).__all__)
    mine = {name.rpartition(".")[2]: name for name in FUNCTIONS if name.startswith(f"{package}.")}
    assert {name for name, whole in mine.items() if whole in DOORS} <= offered
    assert not {name for name, whole in mine.items() if whole in SHARED} & offered


@pytest.mark.parametrize("name", DOORS)
def test_an_operation_takes_its_subject_first_and_its_actor_last(name: str) -> None:
    subject, *rest = inspect.signature(DOORS[name]).parameters.values()
    assert subject.kind in {subject.POSITIONAL_ONLY, subject.POSITIONAL_OR_KEYWORD}
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in rest)
    assert rest[-1].name == "actor"
    assert rest[-1].annotation is Actor
    assert rest[-1].default is inspect.Parameter.empty


@pytest.mark.parametrize("name", DOORS)
def test_an_operation_says_in_its_types_what_it_takes_and_gives(name: str) -> None:
    signature = inspect.signature(DOORS[name])
    annotations = [one.annotation for one in signature.parameters.values()]
    assert inspect.Signature.empty not in [*annotations, signature.return_annotation]
    assert Any not in annotations


@pytest.mark.parametrize("module", MODULES)
def test_an_operation_is_no_class_and_no_do_something(module: str) -> None:
    tree = ast.parse(inspect.getsource(MODULES[module]))
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert not [name for name in classes if name.endswith(("Service", "Manager", "Handler"))]
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert not [name for name in functions if name.startswith("do_") or name.endswith("_create")]


@pytest.mark.parametrize("name", ATTEMPTS)
def test_somebody_from_another_organization_is_refused(name: str, within_reach: Acme) -> None:
    before = what_stands()
    with pytest.raises(NotAllowed):
        ATTEMPTS[name](within_reach)
    assert what_stands() == before


@pytest.mark.parametrize("name", sorted(set(ATTEMPTS) & set(OPERATIONS)))
def test_the_refusal_is_in_the_trail_of_who_was_refused(
    name: str, within_reach: Acme, globex: Organization
) -> None:
    events = AuditEvent.unscoped.exclude(chain=globex.sid)
    elsewhere = events.count()
    with pytest.raises(NotAllowed):
        ATTEMPTS[name](within_reach)
    newest = AuditEvent.unscoped.filter(chain=globex.sid).latest("sequence")
    assert newest.action == f"{name.rpartition('.')[2]}.refused"
    assert newest.actor_sid == within_reach.eve.sid
    assert events.count() == elsewhere


@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_former_member_is_refused_at_once(name: str, within_reach: Acme) -> None:
    """An actor made before a removal: the role is read again under the lock."""
    within_reach.eve = replace(
        within_reach.eve,
        organization_id=within_reach.organization.pk,
        organization_sid=within_reach.organization.sid,
        role=Role.OWNER,
    )
    if name.endswith("check_domain"):  # asks outside first; settle_check decides
        return
    before = what_stands()
    with pytest.raises(NotAllowed):
        ATTEMPTS[name](within_reach)
    assert what_stands() == before


def test_every_attempt_and_every_exception_names_an_operation() -> None:
    assert sorted([*ATTEMPTS, *PERSONAL]) == sorted(DOORS)
