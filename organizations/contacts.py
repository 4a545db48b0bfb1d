"""Who can help somebody with what their own role does not include."""

from collections.abc import Collection

from organizations.models import Membership, Role
from organizations.policy import Refusal
from users.models import UserStatus

_MOST_ADMINISTRATORS = 5


def who_can_help(roles: Collection[str], *, besides: int) -> list[Membership]:
    """The Owner and some Administrators of the open scope, as far as their roles are asked for.

    The Owner comes first; who cannot log in is left out, and so is `besides`, the person who asks.
    """
    active = Membership.objects.in_force().filter(status=UserStatus.ACTIVE)
    stays = active.exclude(user_id=besides).select_related("user")
    helpers: list[Membership] = []
    for role, most in ((Role.OWNER, 1), (Role.ADMINISTRATOR, _MOST_ADMINISTRATORS)):
        if role in roles:
            helpers += stays.filter(role=role).order_by("name_key", "id")[:most]
    return helpers


def owner() -> Membership:
    """The one Owner of the open scope."""
    return Membership.objects.in_force().select_related("user").get(role=Role.OWNER)


def in_words(refused: Refusal) -> str:
    """A refusal with the Owner's name, where nobody else can help."""
    if refused.helpers != (Role.OWNER,):
        return refused.words
    return f"{refused.words} The Owner is {owner().user.get_full_name()}."
