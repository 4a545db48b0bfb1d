"""The console of every signed-in person: their accounts, their organization, what they may do."""

from itertools import groupby
from typing import Any, cast

from django.urls import reverse

from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment
from accounts.policy import WORDS as PERMISSION_WORDS
from accounts.policy import Permission, granted
from adminctr.core.tenancy import person, tenant
from adminctr.web import tones
from adminctr.web.display import moment
from adminctr.web.paginate import cut
from adminctr.web.views import OwnDetailPage
from organizations import contacts, policy
from organizations.models import Role
from organizations.policy import Action

_ROLES_IN_ORDER = list(AccountRole)
_OWNER_ALONE = "Only the Owner can"
_ADMINISTRATORS_TOO = "The Owner or an Administrator can"


class HomePage(OwnDetailPage):
    """My accounts by organization, my organization, and what I may do in it."""

    template_name = "console/home.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        with person(self.user):
            held = RoleAssignment.objects.in_force().on_accounts()
            order = ("organization__name", "organization_id", "account__name_key", "account_id")
            shown = cut(held.select_related("account", "organization").order_by(*order, "id"))
        return {
            "organizations": _by_organization(shown.rows),
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
        }


class AccountPage(OwnDetailPage):
    """One account, for whoever has a role on it; everybody else learns nothing of it."""

    template_name = "console/account.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        with person(self.user):
            held = list(
                RoleAssignment.objects.in_force()
                .filter(account__sid=kwargs["sid"])
                .select_related("account__owner", "organization")
            )
        if not held or held[0].account is None:
            raise self.gone("open_account")
        held.sort(key=lambda one: _ROLES_IN_ORDER.index(AccountRole(one.role)))
        account, permissions = held[0].account, granted(one.role for one in held)
        return {
            "account": account,
            "organization": held[0].organization,
            "status_tone": tones.ACCOUNT_STATUS[AccountStatus(account.status)],
            "created": moment(account.created_at),
            "mine": [_role_held(one) for one in held],
            "permissions": [words for one, words in PERMISSION_WORDS.items() if one in permissions],
            "admin_center_url": self._admin_center_url(account),
        } | (_people_of(account) if Permission.USERS_MANAGE in permissions else {})

    def _admin_center_url(self, account: Account) -> str:
        """Where an Administrator of its organization governs this account; empty for others."""
        refused = policy.refusal(self.actor, Action.ACCOUNT_VIEW, account)
        return "" if refused else account.get_absolute_url()


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
        "url": reverse("console:account", args=[account.sid]),
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


def _role_held(one: RoleAssignment) -> dict[str, Any]:
    return {
        "role": one.get_role_label(),
        "since": moment(one.began_at),
        "until": moment(one.ends_at) if one.ends_at else None,
        "source": one.get_source_display(),
    }


def _people_of(account: Account) -> dict[str, Any]:
    """Everybody with a role on this account, for those who manage its users."""
    with tenant(account.organization):
        held = RoleAssignment.objects.in_force().filter(account=account).select_related("holder")
        shown = cut(held.order_by("name_key", "id"))
    return {
        "people": [
            _role_held(one) | {"name": one.holder.get_full_name(), "email": one.email}
            for one in shown.rows
        ],
        "has_more_people": shown.has_more,
    }
