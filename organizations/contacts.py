"""Who can help somebody with what their own role does not include."""

from organizations import policy
from organizations.models import Membership, Role
from organizations.policy import Action
from users.models import UserStatus

_MOST_ADMINISTRATORS = 5


def who_can_help(action: Action, *, besides: int) -> list[Membership]:
    """The Owner and some Administrators of the open scope whose role allows this action.

    The Owner comes first; who cannot log in is left out, and so is `besides`, the person who asks.
    """
    active = Membership.objects.in_force().filter(status=UserStatus.ACTIVE)
    stays = active.exclude(user_id=besides).select_related("user")
    helpers: list[Membership] = []
    for role, most in ((Role.OWNER, 1), (Role.ADMINISTRATOR, _MOST_ADMINISTRATORS)):
        if role in policy.roles_that_may(action):
            helpers += stays.filter(role=role).order_by("name_key", "id")[:most]
    return helpers


def owner() -> Membership:
    """The one Owner of the open scope."""
    return Membership.objects.in_force().select_related("user").get(role=Role.OWNER)


def owner_alone() -> str:
    """The rule book's "only the Owner", with the name."""
    return f"Only the Owner ({owner().user.get_full_name()}) can do this."
