"""What hangs on managed users, so that nothing is left behind when they leave.

Read in the scope of their organization. Every table that points at people is declared here or, with
the reason why nothing needs to become of it, in tests/users/test_belongings.py.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Account, AccountStatus, RoleAssignment
from adminctr.core import clock
from adminctr.core.runs import RunState
from bulk.models import BulkRun
from imports.models import ImportRun
from invitations.batch_models import InvitationBatch, InvitationBatchQuerySet
from invitations.models import Invitation, InvitationQuerySet, Kind
from organizations.models import Membership, Role, SavedView
from users.leaving_models import OffboardingQuerySet
from users.models import Departure, Expectation, Offboarding, Session, UserStatus

# Of more things than these a page says how many there are, and not which.
MOST_LISTED = 1_000

type Started = BulkRun | Departure | ImportRun | InvitationBatch

_OPEN = (RunState.PENDING, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class Belongings:
    """All that hangs on one person, and on whoever leaves with them, in the organization in scope.

    None of these asks more of many people than of one.
    """

    stay: Membership
    beside: tuple[Membership, ...] = ()

    def accounts(self) -> QuerySet[Account]:
        """What they own, without what is below it, which follows."""
        owned: QuerySet[Account] = Account.objects.managed().filter(owner__in=self._people())
        return owned.exclude(status=AccountStatus.CLOSED)

    def likely_successors(self, accounts: Collection[Account], most: int) -> list[Membership]:
        """Up to so many who could own these: who has a role on one of them, then administrators."""
        here = (
            Membership.objects.managed().exclude(pk=self.stay.pk).filter(status=UserStatus.ACTIVE)
        )
        held = RoleAssignment.objects.in_force().granted().filter(account__in=accounts)
        holders = held.order_by("account", "holder").values_list("holder", flat=True)[:most]
        known = here.filter(user__in=list(holders)).select_related("user")
        governing = here.exclude(role=Role.STANDARD).select_related("user")[:most]
        successors = {one.pk: one for one in (*known, *governing)}
        return list(successors.values())[:most]

    def roles(self) -> QuerySet[RoleAssignment]:
        """What they were given on accounts of the organization."""
        held: QuerySet[RoleAssignment] = RoleAssignment.objects.in_force().granted()
        return held.filter(holder__in=self._people())

    def roles_elsewhere(self) -> QuerySet[RoleAssignment]:
        """What they were given on accounts of others."""
        held = RoleAssignment.unscoped.in_force().granted().filter(holder__in=self._people())
        others: QuerySet[RoleAssignment] = held.exclude(organization=self.stay.organization_id)
        return others

    def sent_invitations(self) -> InvitationQuerySet[Invitation]:
        """What they sent and nobody has answered."""
        waiting: InvitationQuerySet[Invitation] = Invitation.objects.open()
        return waiting.filter(invited_by__in=self._people()).order_by("pk")

    def offers(self) -> InvitationQuerySet[Invitation]:
        """What offers them access to accounts of the organization."""
        waiting: InvitationQuerySet[Invitation] = Invitation.objects.open().filter(kind=Kind.ACCESS)
        return waiting.filter(email__in=[one.email for one in self._stays()])

    def shared_views(self) -> QuerySet[SavedView]:
        views: QuerySet[SavedView] = SavedView.objects.filter(by__in=self._people())
        return views.filter(is_shared=True).order_by("name", "pk")

    def own_views(self) -> QuerySet[SavedView]:
        views: QuerySet[SavedView] = SavedView.objects.filter(by__in=self._people())
        return views.filter(is_shared=False)

    def expectations(self) -> QuerySet[Expectation]:
        found: QuerySet[Expectation] = Expectation.objects.filter(by__in=self._people())
        return found

    def sessions(self) -> QuerySet[Session]:
        return Session.objects.live().filter(user__in=self._people())

    def runs_under_way(self) -> Iterator[Started]:
        """What they started, whose time has come, and a worker has not finished."""
        kinds: tuple[type[BulkRun | Departure | ImportRun], ...] = (BulkRun, Departure, ImportRun)
        for kind in kinds:
            yield from kind.objects.filter(by__in=self._people(), state__in=_OPEN)
        sent = InvitationBatch.objects.filter(by__in=self._people(), finished_at=None)
        yield from sent.filter(starts_at__lte=clock.now())

    def departures_to_them(self) -> OffboardingQuerySet[Offboarding]:
        """Planned ones of others in which they are to own something."""
        waiting: OffboardingQuerySet[Offboarding] = Offboarding.objects.waiting()
        sids = [one.user.sid for one in self._stays()]
        return waiting.giving_to(sids).filter(obstacle="").order_by("due_at", "pk")

    def scheduled_batches(self) -> InvitationBatchQuerySet[InvitationBatch]:
        """Tables of invitations that wait for their day."""
        waiting: InvitationBatchQuerySet[InvitationBatch] = InvitationBatch.objects.scheduled()
        return waiting.filter(by__in=self._people()).order_by("starts_at", "pk")

    def _stays(self) -> tuple[Membership, ...]:
        return self.stay, *self.beside

    def _people(self) -> list[int]:
        return [one.user_id for one in self._stays()]
