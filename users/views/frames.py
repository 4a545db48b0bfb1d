"""Pages about one managed user: who it is, and the tabs that all of them hang below."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.functional import cached_property

from accounts.models import RoleAssignment
from adminctr.web import tones
from adminctr.web.views import ConsolePage, DetailFrame, ListFrame, OperationFrame
from organizations.models import Membership
from organizations.policy import Action
from users.models import UserStatus

_TABS = (
    ("Profile", "detail"),
    ("Sign-in", "sign-in"),
    ("Access", "access"),
    ("Activity", "activity"),
)


class UserPage(ConsolePage):
    """One managed user, whom the address names; the subject is their stay."""

    action = Action.USER_VIEW
    tab: ClassVar[str] = ""

    @cached_property
    def stay(self) -> Membership:
        stays = Membership.objects.managed().select_related("user", "organization")
        return self.one(stays, user__sid=self.kwargs["sid"])

    def subject(self, **kwargs: Any) -> Membership:
        return self.stay

    def url(self, name: str, *sids: str) -> str:
        return reverse(f"users:{name}", args=[self.stay.user.sid, *sids])

    def surroundings(self) -> dict[str, Any]:
        stay, status = self.stay, UserStatus(self.stay.status)
        return {
            "stay": stay,
            "person": stay.user,
            "status": status.label,
            "tone": tones.USER_STATUS[status],
            "trail": self._trail(),
            "tabs": [
                {"label": label, "url": self.url(name), "current": name == self.tab}
                for label, name in _TABS
            ],
        }

    def _trail(self) -> list[str]:
        """The pages above: labels and addresses in turn."""
        steps = ["Users", reverse("users:list")]
        if self.tab != "detail":
            steps += [self.stay.user.get_full_name(), self.url("detail")]
        return steps


class UserDetailFrame(UserPage, DetailFrame):
    """Something about one managed user."""


class UserListFrame(UserPage, ListFrame):
    """A list that is about one managed user."""


class UserOperationFrame(UserPage, OperationFrame):
    """One operation on one managed user."""


def firsts(roles: Iterable[RoleAssignment]) -> Iterator[tuple[RoleAssignment, bool]]:
    """Each role, by account, and whether it is the first on its account.

    All that somebody has on one account is changed and taken away together.
    """
    before = None
    for one in roles:
        yield one, one.account_id != before
        before = one.account_id
