"""Every operation says what it is, has one shape, and refuses people of other organizations."""

import ast
import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from importlib import import_module
from typing import Any

import pytest

from accounts.models import Account, AccountRole
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
from adminctr.core.tenancy import TenantModel, tenant
from audit.models import AuditEvent
from bulk.models import BulkRun
from bulk.operations import start_bulk_run, take_bulk_step
from domains.models import Domain, MailDomain, Method
from domains.operations import (
    add_domain,
    approve_sharing,
    check_domain,
    classify_domain,
    follow_setting_again,
    forget_classification,
    keep_domains,
    remove_domain,
    set_domain_limit,
    settle_check,
    settle_recheck,
    withdraw_sharing,
)
from domains.probes import Finding, Outcome
from imports.gathering import Gathering
from imports.models import ImportList, ImportRun, Way
from imports.operations import (
    File,
    choose_notice,
    discard_import,
    name_people,
    prepare_import,
    start_import,
    switch_import,
    take_import_step,
)
from invitations.models import Invitation, InvitationBatch
from invitations.operations import (
    accept_access,
    accept_invitation,
    add_existing_account,
    cancel_batch,
    check_batch,
    correct_row,
    decline_invitation,
    draft_batch,
    drop_bad_rows,
    invite_to_account,
    invite_user,
    leave_out_row,
    resend_invitation,
    revoke_invitation,
    send_batch,
    take_batch_step,
)
from merges.operations import Absorption, absorb
from organizations.models import DomainSetting, Membership, Organization, Role, SecondFactor
from organizations.operations import (
    change_role,
    export_list,
    forget_view,
    hide_checklist,
    rename_organization,
    save_view,
    transfer_ownership,
)
from organizations.policy import StaffGroup
from tests.architecture import source
from tests.bulk.runs import run_of
from tests.conftest import Once, acting
from tests.imports.runs import list_of
from tests.imports.runs import run_of as import_run_of
from tests.invitations.tables import batch_of
from tests.pages.effects import snapshot
from tests.users.people import (
    app_of,
    email_change_of,
    expectation_of,
    offboarding_of,
    passkey_of,
    remembered_browser_of,
    session_of,
    view_of,
)
from users import app_codes
from users.models import (
    Appearance,
    Departure,
    EmailChange,
    Expectation,
    FactorKind,
    Offboarding,
    RememberedBrowser,
    Session,
    User,
    WayIn,
    WayOut,
)
from users.offboarding import Choices
from users.operations import (
    add_passkey,
    appoint_staff,
    bring_people_back,
    cancel_email_change,
    cancel_offboarding,
    carry_out_offboarding,
    change_domain_setting,
    change_email,
    change_name,
    change_password,
    change_preferences,
    deactivate_user,
    dismiss_staff,
    end_every_session,
    end_guessing_session,
    end_other_sessions,
    end_session,
    end_user_sessions,
    enrol_app,
    enrol_phone,
    forget_browser,
    forget_every_browser,
    forget_expectation,
    found_organization,
    lift_suspension,
    make_recovery_codes,
    offboard_user,
    prove_factor,
    put_phone,
    reactivate_user,
    remember_browser,
    remove_factor,
    remove_user,
    rename_passkey,
    rename_user,
    require_second_factor,
    require_second_factor_of_all,
    reset_factor_outside,
    reset_password,
    reset_second_factor,
    reset_user_password,
    save_expectation,
    schedule_offboarding,
    send_code,
    start_email_change,
    suspend_login,
    take_departure_step,
    warn_of_guesses,
)
from users.passkeys import PasskeyAnswer
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
    "accounts.operations.lifecycle.reactivation_refusal",
    "invitations.operations.inviting.resend_refusal",
    "merges.operations.both",
    "users.operations.departing.return_refusal",
}

# What operations of one package share: they write, and nobody else calls them.
SHARED = {
    "invitations.operations.inviting.still_open",
}

# What somebody does about their own sign-in, and how they prove that it is theirs.
PERSONAL = {
    "domains.operations.checking.look_for_colleague": "whoever holds the link to the record",
    "users.operations.people.record_failed_log_in": "the log-in page",
    "users.operations.people.record_log_in": "the log-in page, after the password",
    "users.operations.people.record_log_out": "their session",
    "users.operations.people.request_password_reset": "anybody may ask; the mail goes to the owner",
    "users.operations.people.record_wrong_password": "somebody who is asked for it again",
    "users.operations.signing_up.sign_up": "the mailed link",
    "users.operations.signing_up.start_sign_up": "anybody may ask; the mail goes to the address",
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
    mail_domain: MailDomain
    import_list: ImportList
    import_run: ImportRun
    batch: InvitationBatch
    browser: RememberedBrowser
    departure: Departure

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
    def offboarding(self) -> Offboarding:
        return offboarding_of(self.organization)

    @cached_property
    def expectation(self) -> Expectation:
        return self._first(Expectation, way_in=WayIn.SIGN_UP)

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


ANSWER = Finding(Outcome.NO_NAME)
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
    "accounts.operations.lifecycle.close_account": lambda acme: close_account(
        acme.billing, digest="", actor=acme.eve
    ),
    "accounts.operations.lifecycle.finish_closing": lambda acme: finish_closing(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.lifecycle.purge_account": lambda acme: purge_account(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.lifecycle.reactivate_account": lambda acme: reactivate_account(
        acme.billing, actor=acme.eve
    ),
    "accounts.operations.lifecycle.suspend_account": lambda acme: suspend_account(
        acme.billing, actor=acme.eve
    ),
    "invitations.operations.accepting.accept_access": lambda acme: accept_access(
        acme.to_billing, user=acme.ana, actor=acme.eve
    ),
    "invitations.operations.accepting.decline_invitation": lambda acme: decline_invitation(
        acme.to_billing, actor=acme.eve
    ),
    "invitations.operations.batches.cancel_batch": lambda acme: cancel_batch(
        acme.batch, actor=acme.eve
    ),
    "invitations.operations.batches.check_batch": lambda acme: check_batch(
        acme.batch, actor=acme.eve
    ),
    "invitations.operations.batches.correct_row": lambda acme: correct_row(
        acme.batch,
        position=1,
        email="spy@acme.example",
        role=Role.ADMINISTRATOR,
        account="",
        account_roles="",
        actor=acme.eve,
    ),
    "invitations.operations.batches.draft_batch": lambda acme: draft_batch(
        acme.organization, rows=[], role=Role.STANDARD, actor=acme.eve
    ),
    "invitations.operations.batches.drop_bad_rows": lambda acme: drop_bad_rows(
        acme.batch, actor=acme.eve
    ),
    "invitations.operations.batches.leave_out_row": lambda acme: leave_out_row(
        acme.batch, position=1, actor=acme.eve
    ),
    "invitations.operations.batches.send_batch": lambda acme: send_batch(
        acme.batch, expected="", actor=acme.eve
    ),
    "invitations.operations.batches.take_batch_step": lambda acme: take_batch_step(
        acme.batch, actor=acme.eve
    ),
    "invitations.operations.inviting.add_existing_account": lambda acme: add_existing_account(
        acme.organization, sid=acme.relinquishment.account.sid, actor=acme.eve
    ),
    "invitations.operations.inviting.invite_to_account": lambda acme: invite_to_account(
        acme.billing, email="spy@ext.example", roles=[AccountRole.SUPPORT], actor=acme.eve
    ),
    "users.operations.signing_up.found_organization": lambda acme: found_organization(
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
    "imports.operations.preparing.choose_notice": lambda acme: choose_notice(
        acme.import_list, is_notifying=True, actor=acme.eve
    ),
    "imports.operations.preparing.discard_import": lambda acme: discard_import(
        acme.import_list, actor=acme.eve
    ),
    "imports.operations.preparing.name_people": lambda acme: name_people(
        acme.import_list, who=Gathering([1]), file=File("list.csv", "0" * 64), actor=acme.eve
    ),
    "imports.operations.preparing.prepare_import": lambda acme: prepare_import(
        acme.organization, way=Way.REVIEW, domains=["acme.example"], actor=acme.eve
    ),
    "imports.operations.running.start_import": lambda acme: start_import(
        acme.import_list, digest="0" * 64, actor=acme.eve
    ),
    "imports.operations.running.take_import_step": lambda acme: take_import_step(
        acme.import_run, actor=acme.eve
    ),
    "imports.operations.switching.switch_import": lambda acme: switch_import(
        acme.organization, is_on=False, actor=acme.eve
    ),
    "domains.operations.checking.check_domain": lambda acme: check_domain(
        acme.domain, method=Method.DNS, actor=acme.eve
    ),
    "domains.operations.checking.settle_check": lambda acme: settle_check(
        acme.domain, finding=ANSWER, actor=acme.eve
    ),
    "domains.operations.claiming.add_domain": lambda acme: add_domain(
        acme.organization, name="evil.example", actor=acme.eve
    ),
    "domains.operations.claiming.remove_domain": lambda acme: remove_domain(
        acme.domain, digest="", actor=acme.eve
    ),
    "domains.operations.claiming.set_domain_limit": lambda acme: set_domain_limit(
        acme.organization, limit=1000, actor=acme.eve
    ),
    "domains.operations.classifying.classify_domain": lambda acme: classify_domain(
        "acme.example", is_common=True, actor=acme.eve
    ),
    "domains.operations.classifying.forget_classification": lambda acme: forget_classification(
        acme.mail_domain, actor=acme.eve
    ),
    "domains.operations.sharing.approve_sharing": lambda acme: approve_sharing(
        acme.organization, name="evil.example", actor=acme.eve
    ),
    "domains.operations.sharing.follow_setting_again": lambda acme: follow_setting_again(
        acme.domain, digest="", actor=acme.eve
    ),
    "domains.operations.sharing.withdraw_sharing": lambda acme: withdraw_sharing(
        acme.domain, actor=acme.eve
    ),
    "domains.operations.watching.keep_domains": lambda acme: keep_domains(
        [(acme.domain, ANSWER)], actor=acme.eve
    ),
    "domains.operations.watching.settle_recheck": lambda acme: settle_recheck(
        acme.domain, findings=[ANSWER], actor=acme.eve
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
    "organizations.operations.forget_view": lambda acme: forget_view(
        view_of(acme.organization), actor=acme.eve
    ),
    "organizations.operations.save_view": lambda acme: save_view(
        acme.organization,
        listed="users:list",
        name="Mine",
        query="",
        is_shared=True,
        actor=acme.eve,
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
    "users.operations.admitting.change_domain_setting": lambda acme: change_domain_setting(
        acme.organization, setting=DomainSetting.BLOCKED, digest="", actor=acme.eve
    ),
    "users.operations.admitting.forget_expectation": lambda acme: forget_expectation(
        acme.expectation, actor=acme.eve
    ),
    "users.operations.admitting.save_expectation": lambda acme: save_expectation(
        acme.organization, email="zoe@acme.example", way_in=WayIn.SIGN_UP, actor=acme.eve
    ),
    "users.operations.departing.bring_people_back": lambda acme: bring_people_back(
        acme.organization, domain_name="acme.example", actor=acme.eve
    ),
    "users.operations.departing.take_departure_step": lambda acme: take_departure_step(
        acme.departure, actor=acme.eve
    ),
    "users.operations.browsers.forget_browser": lambda acme: forget_browser(
        acme.browser, actor=acme.eve
    ),
    "users.operations.browsers.forget_every_browser": lambda acme: forget_every_browser(
        acme.ana, actor=acme.eve
    ),
    "users.operations.browsers.remember_browser": lambda acme: remember_browser(
        acme.ana, token_hash="0" * 64, instead_of=None, actor=acme.eve
    ),
    "users.operations.factors.add_passkey": lambda acme: add_passkey(
        acme.ana, name="Laptop", answer=PasskeyAnswer({}, {}), actor=acme.eve
    ),
    "users.operations.factors.enrol_app": lambda acme: enrol_app(
        acme.cy, secret=app_codes.make_secret(), code="123456", actor=acme.eve
    ),
    "users.operations.factors.make_recovery_codes": lambda acme: make_recovery_codes(
        acme.ana, actor=acme.eve
    ),
    "users.operations.factors.prove_factor": lambda acme: prove_factor(
        acme.ana, kind=FactorKind.APP, answer="123456", actor=acme.eve
    ),
    "users.operations.factors.remove_factor": lambda acme: remove_factor(
        app_of(acme.ana), actor=acme.eve
    ),
    "users.operations.factors.rename_passkey": lambda acme: rename_passkey(
        passkey_of(acme.ana), name="Mine", actor=acme.eve
    ),
    "users.operations.factors.warn_of_guesses": lambda acme: warn_of_guesses(
        acme.ana, actor=acme.eve
    ),
    "users.operations.phones.enrol_phone": lambda acme: enrol_phone(
        acme.ana, code="123456", actor=acme.eve
    ),
    "users.operations.phones.put_phone": lambda acme: put_phone(
        acme.ana, code="123456", actor=acme.eve
    ),
    "users.operations.phones.send_code": lambda acme: send_code(
        acme.ana, number="+15005550001", actor=acme.eve
    ),
    "users.operations.requiring.require_second_factor_of_all": (
        lambda acme: require_second_factor_of_all(
            acme.organization, level=SecondFactor.EVERY_LOG_IN, digest="", actor=acme.eve
        )
    ),
    "users.operations.governing.deactivate_user": lambda acme: deactivate_user(
        acme.stay, actor=acme.eve
    ),
    "users.operations.governing.end_user_sessions": lambda acme: end_user_sessions(
        acme.stay, actor=acme.eve
    ),
    "users.operations.governing.reactivate_user": lambda acme: reactivate_user(
        acme.stay, actor=acme.eve
    ),
    "users.operations.governing.rename_user": lambda acme: rename_user(
        acme.stay, first_name="Eve", last_name="", actor=acme.eve
    ),
    "users.operations.governing.require_second_factor": lambda acme: require_second_factor(
        acme.stay, level=SecondFactor.EVERY_LOG_IN, actor=acme.eve
    ),
    "users.operations.governing.reset_factor_outside": lambda acme: reset_factor_outside(
        acme.ana, actor=acme.eve
    ),
    "users.operations.governing.reset_second_factor": lambda acme: reset_second_factor(
        acme.stay, actor=acme.eve
    ),
    "users.operations.governing.reset_user_password": lambda acme: reset_user_password(
        acme.stay, actor=acme.eve
    ),
    "users.operations.offboarding.cancel_offboarding": lambda acme: cancel_offboarding(
        acme.offboarding, actor=acme.eve
    ),
    "users.operations.offboarding.carry_out_offboarding": lambda acme: carry_out_offboarding(
        acme.offboarding, actor=acme.eve
    ),
    "users.operations.offboarding.schedule_offboarding": lambda acme: schedule_offboarding(
        acme.stay,
        how=WayOut.DELETE,
        choices=Choices(),
        due_at=clock.now() + timedelta(days=1),
        digest="",
        actor=acme.eve,
    ),
    "users.operations.offboarding.remove_user": lambda acme: remove_user(
        acme.stay, owner=acme.ana, actor=acme.eve
    ),
    "users.operations.offboarding.offboard_user": lambda acme: offboard_user(
        acme.stay, how=WayOut.DELETE, choices=Choices(), digest="", actor=acme.eve
    ),
    "users.operations.people.cancel_email_change": lambda acme: cancel_email_change(
        acme.email_change, actor=acme.eve
    ),
    "users.operations.people.change_email": lambda acme: change_email(
        acme.email_change, keep="", actor=acme.eve
    ),
    "users.operations.people.change_name": lambda acme: change_name(
        acme.ana, first_name="Eve", last_name="", actor=acme.eve
    ),
    "users.operations.people.change_password": lambda acme: change_password(
        acme.ana, password=hash_password("not hers"), keep="", actor=acme.eve
    ),
    "users.operations.people.reset_password": lambda acme: reset_password(
        acme.ana, password=hash_password("not hers"), actor=acme.eve
    ),
    "users.operations.people.change_preferences": lambda acme: change_preferences(
        acme.ana,
        appearance=Appearance.DARK,
        time_zone="UTC",
        has_shortcuts=False,
        actor=acme.eve,
    ),
    "users.operations.people.end_every_session": lambda acme: end_every_session(
        clock.now(), actor=acme.eve
    ),
    "users.operations.people.end_guessing_session": lambda acme: end_guessing_session(
        acme.ana, session=acme.session.sid, actor=acme.eve
    ),
    "users.operations.people.end_other_sessions": lambda acme: end_other_sessions(
        acme.ana, keep="", actor=acme.eve
    ),
    "users.operations.people.end_session": lambda acme: end_session(acme.session, actor=acme.eve),
    "users.operations.people.start_email_change": lambda acme: start_email_change(
        acme.ana, email="spy@acme.example", actor=acme.eve
    ),
    "users.operations.people.appoint_staff": lambda acme: appoint_staff(
        acme.ana, group=StaffGroup.LEADS, actor=acme.eve
    ),
    "users.operations.people.dismiss_staff": lambda acme: dismiss_staff(acme.ana, actor=acme.eve),
    "users.operations.people.lift_suspension": lambda acme: lift_suspension(
        acme.ana, actor=acme.eve
    ),
    "users.operations.people.suspend_login": lambda acme: suspend_login(acme.ana, actor=acme.eve),
}


@pytest.fixture(scope="module")
def _within_reach_of_all(once: Once) -> Acme:
    return once(what_is_within_reach)


@pytest.fixture
def within_reach(db: None, _within_reach_of_all: Acme) -> Acme:
    return deepcopy(_within_reach_of_all)


def what_is_within_reach() -> Acme:
    acme = Organization.objects.get(name="Acme")
    ana, eve = (User.objects.get(email=f"{name}.example") for name in ("ana@acme", "eve@globex"))
    billing = Account.unscoped.select_related("organization").get(name="Billing")
    to_billing = invite_to_account(
        billing, email="nadia@ext.example", roles=[AccountRole.DEVELOPER], actor=acting(ana)
    )
    assert to_billing
    expectation_of(acme)
    offboarding_of(acme)
    view_of(acme)
    app_of(ana)
    passkey_of(ana)
    email_change, session = email_change_of(ana), session_of(ana)
    bulk_run = run_of(acme)
    import_run, import_list = import_run_of(acme), list_of(acme)
    mail_domain = MailDomain.objects.create(name="mail.example", is_common=True)
    return Acme(
        acme,
        ana,
        acting(eve),
        email_change,
        session,
        billing,
        to_billing,
        bulk_run,
        mail_domain,
        import_list,
        import_run,
        batch_of(acme),
        remembered_browser_of(ana),
        Departure.unscoped.create(organization=acme, domain_name="acme.example"),
    )


def what_stands() -> tuple[dict[str, str], int]:
    """Everything that an operation could have changed, and how many changes are told."""
    return snapshot(), AuditEvent.unscoped.exclude(action__endswith=".refused").count()


def test_there_are_operations_to_look_at() -> None:
    assert len(OPERATIONS) >= 50
    assert "domains.operations.checking.check_domain" in CHECKS


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
