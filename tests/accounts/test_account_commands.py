"""An operator suspends, reactivates and hands over accounts at the shell."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, AccountStatus, SuspendedBy
from accounts.operations import reactivate_account
from adminctr.core.errors import RuleViolation
from adminctr.core.sids import make_sid
from audit.models import AuditEvent
from organizations.models import Organization
from tests.conftest import acting
from tests.pages.effects import assert_no_effect

# In the place of an account of this name, the SID.
UNKNOWN, TOO_SHORT = make_sid("AC"), "AC1"


def run(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def account(name: str) -> Account:
    return Account.unscoped.select_related("organization", "owner").get(name=name)


def newest(organization: Organization) -> AuditEvent:
    return AuditEvent.unscoped.filter(chain=organization.sid).latest("sequence")


def test_an_operator_suspends_as_support_does(acme, ben) -> None:
    assert run("suspend_account", account("Platform").sid) == "Platform is suspended.\n"
    platform, below = account("Platform"), account("Platform tests")
    assert (platform.status, platform.suspended_by) == ("suspended", SuspendedBy.SUPPORT)
    assert (below.status, below.suspended_by) == ("suspended", SuspendedBy.PARENT)
    event = newest(acme)
    assert (event.action, event.via, event.actor_sid) == ("account.suspended", "command", "system")
    assert event.details.data["actor"] == "Operator (suspend_account)"
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        reactivate_account(platform, actor=acting(ben))
    assert refused.value.code == "suspended_by_support"


@pytest.mark.parametrize("name", ["Bulk mailer", "Summer campaign", "Platform trials"])
def test_an_operator_reactivates_whoever_suspended(name, acme) -> None:
    assert run("reactivate_account", account(name).sid) == f"{name} is active now.\n"
    assert account(name).status == AccountStatus.ACTIVE
    assert newest(acme).action == "account.reactivated"


@pytest.mark.parametrize("named", ["email", "sid"])
def test_an_operator_hands_an_account_over(named, acme, ben, cy, deliver) -> None:
    deliver()
    said = run("transfer_account", account("Billing").sid, getattr(cy, named))
    assert said == "cy@acme.example owns Billing now.\n"
    assert account("Billing").owner == cy
    assert newest(acme).action == "account.transferred"
    assert {mail.to[0] for mail in deliver()} == {ben.email, cy.email}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["suspend_account", UNKNOWN], "No account has this SID"),
        (["suspend_account", TOO_SHORT], "No account has this SID"),
        (["suspend_account", "Bulk mailer"], "suspended already"),
        (["suspend_account", "Old hotline"], "closed"),
        (["reactivate_account", UNKNOWN], "No account has this SID"),
        (["reactivate_account", "Billing"], "not suspended"),
        (["transfer_account", UNKNOWN, "cy@acme.example"], "No account has this SID"),
        (["transfer_account", "Billing", "ben@acme.example"], "owns it already"),
        (["transfer_account", "Billing", "eve@globex.example"], "must be a managed user"),
        (["transfer_account", "Billing", "nobody"], "Enter an address"),
        (["transfer_account", "Platform tests", "cy@acme.example"], "subaccount"),
        (["transfer_account", "Billing"], "required"),
        (["suspend_account"], "required"),
    ],
)
def test_a_refusal_is_told_without_a_trace(words, said, acme) -> None:
    command, *rest = words
    if rest and rest[0] not in {UNKNOWN, TOO_SHORT}:
        rest[0] = account(rest[0]).sid
    with assert_no_effect(), pytest.raises(CommandError, match=said):
        run(command, *rest)
