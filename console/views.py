"""The console of every signed-in person: their accounts, their organization, what they may do."""

from itertools import groupby
from typing import Any, cast

from django.urls import reverse

from accounts.models import OPEN_STATUSES, Account, AccountStatus, RoleAssignment
from adminctr.core.tenancy import person, tenant
from adminctr.web import tones
from adminctr.web.paginate import cut
from adminctr.web.views import OwnDetailPage
from console.forms import MyAccountsForm
from organizations import contacts, policy
from organizations.models import Role
from organizations.policy import Action

_OWNER_ALONE = "Only the Owner can"
_ADMINISTRATORS_TOO = "The Owner or an Administrator can"


class HomePage(OwnDetailPage):
    """My accounts by organization, my organization, and what I may do in it."""

    template_name = "console/home.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        search = MyAccountsForm(self.request.GET)
        with person(self.user):
            held = RoleAssignment.objects.in_force().filter(account__status__in=OPEN_STATUSES)
            found = search.fitting(held).select_related("account", "organization")
            shown = cut(found.order_by("-pk"))
        return {
            "search": search,
            "organizations": _by_organization(sorted(shown.rows, key=_by_names)),
            "has_more_accounts": shown.has_more,
            "home": self._home(),
            "no_organization": policy.NO_ORGANIZATION,
        }

    def _home(self) -> dict[str, Any] | None:
        """My own organization; None for somebody who has none."""
        stay = self.console.stay
        if stay is None:
            return None
        role = Role(stay.role)
        with tenant(stay.organization):
            owner = contacts.owner()
            others = _what_others_may(role, besides=stay.user_id)
        return {
            "name": stay.organization.name,
            "sid": stay.organization.sid,
            "role": role.label,
            "owner": owner,
            "is_mine": owner.user_id == stay.user_id,
            "mine": [words for action, words in policy.WORDS.items() if _may(role, action)],
            "others": others,
            "may_administer": policy.may_administer(role),
            "new_refusal": policy.refusal(self.actor, Action.ACCOUNT_CREATE, stay.organization),
        }


def _by_names(one: RoleAssignment) -> tuple[str, int, str, int, int]:
    account = cast(Account, one.account)
    return one.organization.name, one.organization_id, account.name_key, account.pk, one.pk


def _by_organization(held: list[RoleAssignment]) -> list[dict[str, Any]]:
    """Accounts with the roles on each, under the name of the organization that owns them."""
    return [
        {
            "name": of_organization[0].organization.name,
            "caption": f"My accounts of {of_organization[0].organization.name}",
            "accounts": [
                _account_held(list(of_account))
                for _, of_account in groupby(of_organization, key=lambda one: one.account_id)
            ],
        }
        for of_organization in (
            list(rows) for _, rows in groupby(held, key=lambda one: one.organization_id)
        )
    ]


def _account_held(held: list[RoleAssignment]) -> dict[str, Any]:
    account = cast(Account, held[0].account)
    return {
        "url": reverse("account:detail", args=[account.sid]),
        "name": account.name,
        "sid": account.sid,
        "roles": ", ".join(one.get_role_label() for one in held),
        "status": account.get_status_display(),
        "tone": tones.ACCOUNT_STATUS[AccountStatus(account.status)],
    }


def _what_others_may(role: Role, *, besides: int) -> list[dict[str, Any]]:
    """What this role does not include, by who can help with it."""
    missing = [one for one in Action if _who_may(one) and role not in _who_may(one)]
    found = []
    for roles, actions in groupby(sorted(missing, key=_who_may), key=_who_may):
        listed = list(actions)
        found.append(
            {
                "who": _OWNER_ALONE if roles == (Role.OWNER,) else _ADMINISTRATORS_TOO,
                "people": contacts.who_can_help(roles, besides=besides),
                "words": [policy.WORDS[action] for action in listed],
            }
        )
    return found


def _who_may(action: Action) -> tuple[Role, ...]:
    return policy.roles_that_may(action)


def _may(role: Role, action: Action) -> bool:
    return role in policy.roles_that_may(action)
