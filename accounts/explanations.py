"""Why somebody has access to an account, or has not: what a proof says, in parts to be read."""

from dataclasses import dataclass

from accounts import access
from accounts.access import Missing, Proof
from accounts.models import Account, RoleAssignment
from organizations.models import Membership
from users.models import User, UserStatus


@dataclass(frozen=True, slots=True)
class Explanation:
    """What decides about one person and one account.

    `governs` is the stay by whose role they govern it in the Admin Center; `former` is the newest
    role that is over, where none is in force.
    """

    person: User
    account: Account
    proof: Proof
    governs: Membership | None
    member: Membership | None
    former: RoleAssignment | None

    @property
    def name(self) -> str:
        """Whoever has left is told by the address that they had; their name is others' business."""
        return self._left_as.email if self._left_as else self.person.get_full_name()

    @property
    def email(self) -> str:
        return self._left_as.email if self._left_as else self.person.email

    @property
    def _left_as(self) -> RoleAssignment | None:
        return None if self.member else self.former


def explain(person: User, account: Account) -> Explanation:
    """Read in the scope of the account's organization."""
    proof = access.proof_of(person.pk, account)
    stay = Membership.objects.in_force().filter(user=person).first()
    former = RoleAssignment.objects.no_longer_in_force().filter(account=account, holder=person)
    return Explanation(
        person,
        account,
        proof,
        governs=stay if access.governs(stay, account) else None,
        member=stay,
        former=None if proof.grounds else former.order_by("-began_at", "-pk").first(),
    )


def why_not(explained: Explanation) -> str:
    """The first condition of access that does not hold, and the way to it."""
    name = explained.name
    match explained.proof.missing:
        case Missing.LOGIN:
            status = UserStatus(explained.person.status).label.lower()
            return f"{name} holds a role, but their login is {status}, so it opens nothing."
        case Missing.ACCOUNT:
            return f"{name} holds a role, but the account is closed."
        case Missing.ROLE if explained.member:
            return f"{name} is a managed user and has no role on this account. Give them one."
        case Missing.ROLE:
            return f"{name} is not a managed user and has no role on this account. Invite them."
        case _:
            return ""


def way_out(ground: RoleAssignment, account: Account) -> str:
    """What would end one role."""
    if ground.role == "owner":
        return "Ends when the account gets another owner."
    place = f"on {ground.account}" if ground.account_id != account.pk else "here"
    return f"Ends when somebody takes this role away {place}."
