"""How many people at once come into a company of the demo: imports, and tables of invitations."""

from dataclasses import dataclass
from datetime import timedelta

from accounts.models import Account
from adminctr.core import clock
from adminctr.core.tenancy import tenant
from adminctr.web.demo_organizations import Company
from imports import gathering
from imports.jobs import drive_import
from imports.models import ImportList, Way
from imports.operations import choose_notice, prepare_import, start_import
from imports.plans import plan_of
from invitations import batches
from invitations.batch_models import InvitationBatch
from invitations.jobs import drive_invitation_batch
from invitations.operations import draft_batch, send_batch
from organizations.models import Role

_TABLE = """\
email,role,account,account roles
yara@tidewater.example,Standard User,,
zoran@tidewater.example,Administrator,,
anouk@tidewater.example,Standard User,{account},Developer
bram@elsewhere.example,Standard User,,
nils@tidewater.example,Standard User,,
carla@tidewater.example,Captain,,
no address,Standard User,,
"""
_SENT = "dina@tidewater.example\nelio@tidewater.example\nfreya@tidewater.example\n"
_LATER = "gabe@tidewater.example\nhedda@tidewater.example\n"
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DemoArrivals:
    """The Owner of the company does all of it."""

    company: Company

    def import_everybody(self) -> None:
        """To the end, where somebody cannot come."""
        organization, actor = self.company.organization, self.company.acting
        listing = choose_notice(self.list_everybody(), is_notifying=True, actor=actor)
        with tenant(organization):
            digest = plan_of(listing, organization).digest
        run = start_import(listing, digest=digest, actor=actor)
        drive_import.call(run.pk)

    def list_everybody(self) -> ImportList:
        """A draft of an import."""
        organization, domains = self.company.organization, [self.company.domain]
        with tenant(organization):
            everybody = gathering.everybody(organization, domains)
        return prepare_import(
            organization, way=Way.ALL, domains=domains, who=everybody, actor=self.company.acting
        )

    def invite_many(self, account: Account) -> None:
        """A draft with rows that cannot be sent, a table that waits for its day, and a sent one."""
        self._draft(_TABLE.format(account=account.sid))
        self._send(self._draft(_LATER), later=_A_WEEK)
        sent = self._draft(_SENT)
        self.company.invite("freya", by=self.company.owner)  # so her row is refused when sent
        self._send(sent)
        drive_invitation_batch.call(sent.pk)

    def _draft(self, table: str) -> InvitationBatch:
        rows = batches.read_batch(table.encode()).rows
        return draft_batch(
            self.company.organization, rows=rows, role=Role.STANDARD, actor=self.company.acting
        )

    def _send(self, batch: InvitationBatch, *, later: timedelta | None = None) -> None:
        with tenant(self.company.organization):
            shown = batches.digest_of_good(batch)
        starts_at = clock.now() + later if later else None
        send_batch(batch, expected=shown, starts_at=starts_at, actor=self.company.acting)
