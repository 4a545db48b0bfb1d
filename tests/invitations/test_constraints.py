"""What the table of invitations refuses whoever writes."""

from collections.abc import Callable

import pytest
from django.db.models import F

from accounts.models import Account
from adminctr.core import clock
from adminctr.core.runs import RunState
from adminctr.core.sids import make_sid
from invitations.batch_models import InvitationBatch, InvitationBatchRow
from invitations.models import Invitation, Kind
from organizations.models import Organization, Role
from tests.architecture.constraints import Violations, constraints_of, refused_as_second, refused_by
from tests.invitations.tables import batch_of
from users.models import User

CONSTRAINTS = constraints_of("invitations")


def hana():
    return Invitation.unscoped.filter(email="hana@acme.example")


def billing() -> Account:
    return Account.unscoped.get(name="Billing")


def to_billing(**changes: object) -> Invitation:
    values = {"kind": Kind.ACCESS, "role": "", "account": billing(), "account_roles": "support"}
    return again(**{**values, "email": "nadia@ext.example", **changes})


def asking_for_billing(**changes: object) -> Invitation:
    globex = Organization.objects.get(name="Globex")
    values = {"kind": Kind.ADD_ACCOUNT, "role": "", "account": billing(), "organization": globex}
    return again(**{**values, "email": "ben@acme.example", **changes})


def twice(write: Callable[[], object]) -> Callable[[], object]:
    return lambda: (write(), write())


def again(**changes: object) -> Invitation:
    """The same invitation once more, with these changes."""
    invitation = hana().first()
    invitation.pk, invitation.sid = None, make_sid("NF")
    invitation.token_hash = make_sid("NF")
    for name, value in changes.items():
        setattr(invitation, name, value)
    invitation.save(force_insert=True)
    return invitation


batches, rows = InvitationBatch.unscoped, InvitationBatchRow.unscoped


def table() -> InvitationBatch:
    return batches.get()


def second_draft() -> None:
    batch = table()
    batch.pk, batch.sid = None, make_sid("IB")
    batch.save(force_insert=True)


def second_row() -> None:
    row = rows.filter(batch=table()).first()
    row.pk = None
    row.save(force_insert=True)


def change_table(**values: object) -> Callable[[], object]:
    return lambda: batches.filter(pk=table().pk).update(**values)


def end_table(**values: object) -> Callable[[], object]:
    return change_table(state=RunState.FINISHED, finished_at=clock.now(), **values)


@pytest.fixture(autouse=True)
def _a_table(acme: Organization) -> None:
    batch_of(acme)


VIOLATIONS: Violations = {
    "invitations_invitationbatch_finished_at_its_end": change_table(
        state=RunState.FINISHED, confirmed_at=clock.now(), starts_at=clock.now()
    ),
    "invitations_invitationbatch_one_draft_of_a_table": second_draft,
    "invitations_invitationbatch_counts_no_more_than_all": change_table(done=1, refused=1),
    "invitations_invitationbatch_ends_with_every_row_told": end_table(
        confirmed_at=clock.now(), starts_at=clock.now()
    ),
    "invitations_invitationbatch_sent_once_confirmed": change_table(confirmed_at=clock.now()),
    "invitations_invitationbatch_cancelled_before_it_began": change_table(cancelled_at=clock.now()),
    "invitations_invitationbatchrow_one_at_each_position": second_row,
    "invitations_invitationbatchrow_answered_in_words": lambda: rows.filter(batch=table()).update(
        message="Told"
    ),
    "invitations_invitation_one_open_per_address": again,
    "invitations_invitation_one_open_per_account_and_address": twice(to_billing),
    "invitations_invitation_one_open_per_account_to_add": twice(asking_for_billing),
    "invitations_invitation_offers_what_its_kind_does": lambda: hana().update(
        account_roles="support"
    ),
    "invitations_invitation_never_as_account_owner": lambda: to_billing(
        account_roles="owner support"
    ),
    "invitations_invitation_email_lower": lambda: hana().update(email="Hana@acme.example"),
    "invitations_invitation_never_as_owner": lambda: hana().update(role=Role.OWNER),
    "invitations_invitation_known_kind": lambda: hana().update(kind="marry", role=""),
    "invitations_invitation_delivered_at_most_newest": lambda: hana().update(
        delivered_generation=F("generation") + 1
    ),
    "invitations_invitation_one_ending": lambda: hana().update(
        accepted_at=clock.now(),
        accepted_by=User.objects.get(email="ana@acme.example"),
        revoked_at=clock.now(),
    ),
    "invitations_invitation_accepted_by_somebody": lambda: hana().update(accepted_at=clock.now()),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


@pytest.mark.parametrize(
    "write",
    [
        lambda: hana().update(account=billing()),
        lambda: hana().update(account_roles="support"),
        lambda: to_billing(account=None),
        lambda: to_billing(account_roles=""),
        lambda: asking_for_billing(account=None),
        lambda: asking_for_billing(account_roles="support"),
    ],
)
def test_an_invitation_offers_what_its_kind_does(db: None, write: Callable[[], object]) -> None:
    with refused_by(CONSTRAINTS["invitations_invitation_offers_what_its_kind_does"]):
        write()


def test_an_invitation_to_join_offers_roles_on_an_account_too(db: None) -> None:
    assert hana().update(account=billing(), account_roles="support developer") == 1


def test_an_invitation_to_join_never_offers_to_own_an_account(db: None) -> None:
    with refused_by(CONSTRAINTS["invitations_invitation_never_as_account_owner"]):
        hana().update(account=billing(), account_roles="owner")


@pytest.mark.parametrize(
    "ending",
    [
        {"revoked_at": clock.now(), "declined_at": clock.now()},
        {
            "accepted_at": clock.now(),
            "declined_at": clock.now(),
        },
    ],
)
def test_two_endings_are_one_too_many(ana: User, ending: dict[str, object]) -> None:
    by = {"accepted_by": ana} if "accepted_at" in ending else {}
    with refused_by(CONSTRAINTS["invitations_invitation_one_ending"]):
        hana().update(**ending, **by)


def test_an_account_is_offered_again_once_the_first_was_declined(db: None) -> None:
    to_billing(declined_at=clock.now())
    assert to_billing(declined_at=None).pk
    assert to_billing(email="olga@ext.example").pk


@pytest.mark.breaks_invariants
def test_two_organizations_may_ask_for_the_same_account(db: None) -> None:
    asking_for_billing()
    assert asking_for_billing(organization=Organization.objects.get(name="Freelance")).pk


def test_who_accepted_says_when(ana: User) -> None:
    with refused_by(CONSTRAINTS["invitations_invitation_accepted_by_somebody"]):
        hana().update(accepted_by=ana)


def test_one_link_leads_to_one_invitation(db: None) -> None:
    with refused_as_second("token_hash"):
        hana().update(token_hash=Invitation.unscoped.get(email="ivo@acme.example").token_hash)


def test_an_address_is_invited_again_once_the_first_was_withdrawn(db: None) -> None:
    hana().update(revoked_at=clock.now())
    assert again(revoked_at=None).pk


@pytest.mark.breaks_invariants
def test_two_organizations_may_invite_the_same_address(globex: Organization) -> None:
    assert again(organization=globex).pk
