"""Each invariant names what is wrong when the world is broken behind the operations' back."""

from collections.abc import Callable
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment, SuspendedBy
from adminctr.core import clock
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import every_tenant
from adminctr.web import invariants
from audit import triggers
from audit.models import AuditEvent, ChainHead
from domains.models import Domain
from invitations.models import Invitation, Kind
from organizations.models import Membership, Organization, Role
from tests.users.people import app_of, email_change_of, held, session_of
from tests.watch import Watch
from users.models import DELETED_DOMAIN, User, UserStatus

Break = Callable[[], object]
stays, roles = Membership.unscoped, RoleAssignment.unscoped
ANA, CY, EVE = (f"{name}.example" for name in ("ana@acme", "cy@acme", "eve@globex"))


def kill_acme() -> None:
    Organization.objects.filter(name="Acme").update(owner=None, ended_at=clock.now())


def change_an_event() -> None:
    triggers.lift(connection)
    AuditEvent.unscoped.filter(chain="system", sequence=1).update(action="nothing.happened")


def forget_a_head() -> None:
    triggers.lift(connection)
    ChainHead.objects.filter(chain="system").delete()


def hold_another_s_domain() -> None:
    globex = Organization.objects.get(name="Globex")
    now = clock.now()
    Domain.unscoped.create(
        organization=globex, name="acme.example", slot=1, sharing_approved_at=now, **held(now)
    )


def named(name: str) -> Account:
    return Account.unscoped.get(organization__name="Acme", name=name)


def put_below(name: str, *, parent: Account) -> Account:
    Account.unscoped.filter(pk=named(name).pk).update(parent=parent)
    return named(name)


def suspend(name: str) -> None:
    Account.unscoped.filter(pk=named(name).pk).update(
        status=AccountStatus.SUSPENDED, suspended_by=SuspendedBy.SUPPORT
    )


def close(name: str) -> None:
    now = clock.now()
    Account.unscoped.filter(pk=named(name).pk).update(
        status=AccountStatus.CLOSED, closing_at=now, closed_at=now
    )


def offer(name: str, **changes: object) -> None:
    account = named(name)
    values = {"kind": Kind.ACCESS, "organization": account.organization, "account_roles": "support"}
    invitation = Invitation(
        account=account,
        email="nadia@ext.example",
        invited_by=account.owner,
        **{**values, **changes},
    )
    invitation.expires_at, invitation.token_hash = clock.now(), invitation.sid
    invitation.save()


def give_beside(name: str, email: str) -> None:
    role = roles.get(account=named(name), email=email)
    role.pk, role.sid, role.role = None, make_sid("IY"), AccountRole.SUPPORT
    role.save(force_insert=True)


def strip(email: str) -> None:
    """Delete somebody as no operation does."""
    User.objects.filter(email=email).update(
        email=f"gone@{DELETED_DOMAIN}",
        first_name="",
        last_name="",
        status=UserStatus.INACTIVE,
        deleted_at=clock.now(),
    )


BREAKS: list[tuple[str, Break, str]] = [
    (
        "each_owner_has_the_one_owner_stay",
        lambda: stays.filter(email=ANA).update(ended_at=clock.now()),
        "the owner has no open stay as Owner",
    ),
    (
        "each_owner_has_the_one_owner_stay",
        lambda: stays.filter(email=ANA).update(role=Role.ADMINISTRATOR),
        "the owner has no open stay as Owner",
    ),
    ("each_owner_has_the_one_owner_stay", kill_acme, "somebody else has an open stay as Owner"),
    ("nobody_is_in_a_dead_organization", kill_acme, "an open stay in a dead organization"),
    ("nobody_is_in_a_dead_organization", kill_acme, "a role in a dead organization"),
    ("nobody_is_in_a_dead_organization", kill_acme, "an invitation to a dead organization"),
    ("nobody_is_in_a_dead_organization", kill_acme, "an account of a dead organization"),
    ("nobody_is_in_a_dead_organization", kill_acme, "a domain of a dead organization"),
    (
        "keys_of_names_are_true",
        lambda: Organization.objects.filter(name="Acme").update(name="Acme Works"),
        "the key that its name is searched by differs from the name",
    ),
    (
        "copies_on_stays_are_true",
        lambda: stays.filter(email=CY).update(email="other@acme.example"),
        "copies on a stay differ from its user",
    ),
    (
        "copies_on_stays_are_true",
        lambda: User.objects.filter(email=CY).update(status="suspended"),
        "copies on a stay differ from its user",
    ),
    (
        "copies_on_stays_are_true",
        lambda: User.objects.filter(email=CY).update(first_name="Cyrus"),
        "copies on a stay differ from its user",
    ),
    (
        "copies_on_stays_are_true",
        lambda: stays.filter(email=CY).update(surname_key="lindquist"),
        "copies on a stay differ from its user",
    ),
    (
        "copies_on_stays_are_true",
        lambda: User.objects.filter(email=CY).update(last_login=clock.now()),
        "copies on a stay differ from its user",
    ),
    (
        "copies_on_stays_are_true",
        lambda: stays.filter(email=CY).update(role=Role.ADMINISTRATOR),
        "the role on the stay differs from the role assignment",
    ),
    (
        "copies_on_stays_are_true",
        lambda: stays.filter(email=CY).update(ended_at=clock.now()),
        "an organization role without a stay",
    ),
    (
        "copies_on_roles_are_true",
        lambda: roles.filter(email=CY).update(email="other@acme.example"),
        "copies on a role differ from its holder",
    ),
    (
        "copies_on_roles_are_true",
        lambda: roles.filter(email=CY).update(name_key="cyrus lindqvist"),
        "copies on a role differ from its holder",
    ),
    (
        "copies_on_roles_are_true",
        lambda: roles.filter(email=CY).update(holder_organization=None),
        "copies on a role differ from its holder",
    ),
    (
        "each_account_has_its_owner_inside",
        lambda: Account.unscoped.filter(name="Billing").update(owner=User.objects.get(email=EVE)),
        "its owner is not a member of its organization",
    ),
    (
        "each_account_has_its_owner_inside",
        lambda: roles.filter(account__name="Billing").update(ended_at=clock.now()),
        "its owner has no open owner role",
    ),
    (
        "each_account_has_its_owner_inside",
        lambda: roles.filter(account__name="Billing").update(
            organization=Organization.objects.get(name="Globex")
        ),
        "a role stands in another organization than its account",
    ),
    (
        "subaccounts_follow_the_account_above",
        lambda: put_below("Billing", parent=put_below("Marketing", parent=named("Support line"))),
        "a subaccount of a subaccount",
    ),
    (
        "subaccounts_follow_the_account_above",
        lambda: put_below("Billing", parent=Account.unscoped.get(organization__name="Globex")),
        "a subaccount in another organization",
    ),
    (
        "subaccounts_follow_the_account_above",
        lambda: put_below("Billing", parent=named("Marketing")),
        "a subaccount with another owner",
    ),
    (
        "subaccounts_follow_the_account_above",
        lambda: (put_below("Billing", parent=named("Marketing")), suspend("Marketing")),
        "a subaccount runs below a suspended account",
    ),
    (
        "subaccounts_follow_the_account_above",
        lambda: (put_below("Billing", parent=named("Marketing")), close("Marketing")),
        "a subaccount outlives the account above it",
    ),
    (
        "copies_on_accounts_are_true",
        lambda: Account.unscoped.filter(name="Billing").update(owner_key="cy lindqvist"),
        "the copy of its owner differs from the owner",
    ),
    ("closed_accounts_let_nobody_in", lambda: close("Billing"), "a role on a closed account"),
    (
        "closed_accounts_let_nobody_in",
        lambda: (offer("Billing"), close("Billing")),
        "an invitation to a closed account",
    ),
    (
        "closed_accounts_let_nobody_in",
        lambda: (offer("Billing", kind=Kind.JOIN, role=Role.STANDARD), close("Billing")),
        "an invitation to a closed account",
    ),
    (
        "administrators_of_accounts_hold_nothing_beside",
        lambda: give_beside("Billing", "ben@acme.example"),
        "another role on the account beside one that includes it",
    ),
    (
        "invitations_stand_with_their_account",
        lambda: offer("Billing", organization=Organization.objects.get(name="Globex")),
        "an invitation to an account of another organization",
    ),
    (
        "invitations_stand_with_their_account",
        lambda: offer(
            "Billing",
            kind=Kind.JOIN,
            role=Role.STANDARD,
            organization=Organization.objects.get(name="Globex"),
        ),
        "an invitation to an account of another organization",
    ),
    (
        "invitations_stand_with_their_account",
        lambda: offer("Billing", kind=Kind.ADD_ACCOUNT, account_roles=""),
        "a request to add an account that is there already",
    ),
    *(
        (
            "counters_are_true",
            lambda counter=counter: Organization.objects.filter(name="Acme").update(
                **{counter: 99}
            ),
            f"{counter} says 99",
        )
        for counter in ("managed_users", "pending_users", "managed_accounts", "pending_accounts")
    ),
    (
        "limits_hold",
        lambda: Organization.objects.filter(name="Acme").update(account_limit=1),
        "accounts, 1 allowed",
    ),
    (
        "limits_hold",
        lambda: Organization.objects.filter(name="Acme").update(domain_limit=1),
        "domains, 1 allowed",
    ),
    (
        "deadlines_are_true",
        lambda: Organization.objects.filter(name="Acme").update(domain_deadline=clock.now()),
        "the day on which a domain is lost differs",
    ),
    (
        "no_setting_adds_people_to_who_shares",
        hold_another_s_domain,
        "the domain setting applies to a domain that others hold too",
    ),
    (
        "each_user_has_one_proven_address",
        lambda: EmailAddress.objects.filter(email=CY).update(verified=False),
        f"{CY}: no proven address",
    ),
    (
        "each_user_has_one_proven_address",
        lambda: EmailAddress.objects.create(
            user=User.objects.get(email=CY), email="second@acme.example", verified=True
        ),
        "more or fewer proven addresses than users",
    ),
    *(
        ("nothing_hangs_on_the_deleted", lambda email=email: strip(email), f"has {what} still")
        for email, what in (
            (CY, "an open stay"),
            (CY, "an open role"),
            (CY, "a proven address"),
            ("ana@acme.example", "an account that is open"),
        )
    ),
    (
        "nothing_hangs_on_the_deleted",
        lambda: (session_of(User.objects.get(email=CY)), strip(CY)),
        "has a session still",
    ),
    (
        "nothing_hangs_on_the_deleted",
        lambda: (email_change_of(User.objects.get(email=CY)), strip(CY)),
        "has an address that they want still",
    ),
    (
        "nothing_hangs_on_the_deleted",
        lambda: (app_of(User.objects.get(email=CY)), strip(CY)),
        "has a second factor still",
    ),
    ("chains_hold", change_an_event, "system event 1: was changed"),
    ("chains_hold", forget_a_head, "the head of the chain is missing"),
]


def faults_of(name: str) -> list[str]:
    with every_tenant():
        return list(getattr(invariants, name)())


def test_the_world_of_the_demo_is_whole(db: None) -> None:
    assert invariants.faults() == []
    said = StringIO()
    call_command("check_invariants", stdout=said)
    assert said.getvalue() == f"{len(invariants.CHECKS)} invariants hold.\n"


@pytest.mark.breaks_invariants
@pytest.mark.parametrize(("name", "break_world", "fault"), BREAKS)
def test_a_broken_world_is_noticed(db: None, name: str, break_world: Break, fault: str) -> None:
    assert not any(fault in found for found in faults_of(name))
    watch = Watch()
    with connection.execute_wrapper(watch):
        break_world()
    assert any(fault in found for found in faults_of(name))
    assert any(fault in found for found in invariants.faults())
    assert any(fault in found for found in watch.faults())


def test_what_was_only_read_wakes_no_check(ana) -> None:
    watch = Watch()
    with connection.execute_wrapper(watch):
        list(User.objects.select_for_update())
    assert watch.woken() == []


def test_a_transaction_that_begins_wakes_no_check(transactional_db: None) -> None:
    watch = Watch()
    with connection.execute_wrapper(watch), transaction.atomic():
        list(User.objects.select_for_update())
    assert watch.woken() == []


def test_what_nobody_can_read_off_a_statement_wakes_every_check(db: None) -> None:
    watch = Watch()
    with connection.execute_wrapper(watch), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE something (number integer)")
    assert watch.woken() == list(invariants.CHECKS)


def test_every_invariant_has_been_seen_to_notice() -> None:
    assert {check.__name__ for check in invariants.CHECKS} == {name for name, _, _ in BREAKS}


@pytest.mark.breaks_invariants
def test_the_command_says_every_fault_and_fails(db: None) -> None:
    kill_acme()
    said = StringIO()
    with pytest.raises(CommandError, match=r"\d+ faults found") as failed:
        call_command("check_invariants", stderr=said)
    assert failed.value.returncode == 1
    assert "an account of a dead organization" in said.getvalue()
