"""The accounts of the demo, in every state that an account can be in."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import cast

from accounts import closing
from accounts.models import Account, AccountRole, Product
from accounts.operations import (
    close_account,
    create_account,
    create_subaccount,
    finish_closing,
    record_baa,
    set_account_limit,
    set_hipaa,
    set_roles,
    suspend_account,
    upgrade_account,
)
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.tenancy import tenant
from invitations.models import Invitation
from invitations.operations import accept_access, add_existing_account, invite_to_account
from organizations import policy
from organizations.models import Membership, Organization
from users.models import User

_LIMIT = 20
_BAA_SINCE = date(2025, 1, 1)
_THREE_MONTHS = timedelta(days=91)


@dataclass(frozen=True)
class DemoAccounts:
    """Fills one organization with accounts; Sue of support does what support alone may."""

    organization: Organization
    support: User

    def fill(self) -> None:
        set_account_limit(
            self.organization, limit=_LIMIT, actor=self._support("Room for the new products")
        )
        self._with_subaccounts()
        self._under_hipaa()
        self._stopped()
        self._open("Contact center", "fay", product=Product.FLEX)
        self._running()

    def _with_subaccounts(self) -> None:
        platform = self._upgraded("Platform", "emil")
        emil = self._acting("emil")
        for name in ("Platform staging", "Platform tests"):
            create_subaccount(platform, name=name, actor=emil)
        trials = create_subaccount(platform, name="Platform trials", actor=emil)
        suspend_account(trials, actor=self._acting("ben"))

    def _under_hipaa(self) -> None:
        agreed = self._support("The agreement was signed")
        record_baa(self.organization, effective_on=_BAA_SINCE, actor=agreed)
        line = self._upgraded("Health line", "dora")
        create_subaccount(line, name="Health line demo", actor=self._acting("dora"))
        flagged = set_hipaa(line, enabled=True, actor=self._acting("ben"))
        create_subaccount(flagged, name="Health line reminders", actor=self._acting("dora"))

    def _stopped(self) -> None:
        ben = self._acting("ben")
        suspend_account(self._open("Summer campaign", "fay"), actor=ben)
        complained = self._support("Complaints about unwanted messages")
        suspend_account(self._open("Bulk mailer", "emil"), actor=complained)
        finish_closing(self._closing("Old hotline"), actor=Actor.operator("demo"))
        self._closing("Trade fair")

    def _running(self) -> None:
        billing, marketing, _ = (
            self._open(name, owner)
            for name, owner in (("Billing", "ben"), ("Marketing", "cy"), ("Support line", "fay"))
        )
        set_roles(
            billing,
            holder=self._people["cy"],
            roles=[AccountRole.DEVELOPER],
            ends_at=clock.now() + _THREE_MONTHS,
            reason="Connects the new shop",
            actor=self._acting("ben"),
        )
        set_roles(
            marketing,
            holder=self._people["dora"],
            roles=[AccountRole.BILLING_MANAGER, AccountRole.SUPPORT],
            actor=self._acting("cy"),
        )

    def invite_independent(self, user: User) -> None:
        """Somebody of another organization is let into one account, and somebody else is asked."""
        with tenant(self.organization):
            line = Account.objects.get(name="Support line")
        fay, roles = self._acting("fay"), [AccountRole.DEVELOPER]
        let_in(line, user, roles=roles, by=fay)
        invite_to_account(line, email="max@contractor.example", roles=roles, actor=fay)

    def ask_for(self, account: Account) -> Invitation:
        """An account of somebody who is not in the organization yet is pending."""
        return add_existing_account(self.organization, sid=account.sid, actor=self._acting("ben"))

    def _open(self, name: str, owner: str, *, product: Product = Product.TWILIO) -> Account:
        return create_account(
            self.organization,
            name=name,
            owner=self._people[owner],
            product=product,
            actor=self._acting(owner),
        )

    def _upgraded(self, name: str, owner: str) -> Account:
        return upgrade_account(
            self._open(name, owner), actor=self._support("The first invoice is paid")
        )

    def _closing(self, name: str) -> Account:
        account = self._open(name, "fay")
        with tenant(self.organization):
            plan = closing.plan(account, by_support=False)
        return close_account(account, digest=plan.digest, actor=self._acting("ben"))

    def _acting(self, name: str) -> Actor:
        return policy.actor_for(self._people[name], via="command")

    def _support(self, reason: str) -> Actor:
        return policy.staff_actor(self.support).with_reason(reason)

    @cached_property
    def _people(self) -> dict[str, User]:
        """The managed users by the first part of their address."""
        with tenant(self.organization):
            stays = Membership.objects.in_force().select_related("user")
            return {stay.email.partition("@")[0]: stay.user for stay in stays}


def let_in(account: Account, user: User, *, roles: list[AccountRole], by: Actor) -> None:
    """Invite somebody from elsewhere to an account, and accept for them."""
    invitation = invite_to_account(account, email=user.email, roles=roles, actor=by)
    accept_access(
        cast(Invitation, invitation), user=user, actor=policy.actor_for(user, via="command")
    )
