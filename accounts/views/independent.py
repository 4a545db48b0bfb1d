"""Accounts of other organizations: to be seen and to be relinquished, and nothing else."""

from typing import Any, cast

from django.db.models import Q
from django.http import Http404
from django.urls import reverse

from accounts import access, queries
from accounts.models import Account, AccountStatus, RoleAssignment
from accounts.operations import Relinquishment, relinquish_access
from adminctr.core.errors import NotAllowed
from adminctr.core.operations import record_refusal
from adminctr.web import tones
from adminctr.web.display import moment, until
from adminctr.web.forms import Form
from adminctr.web.paginate import cut
from adminctr.web.views import ConsolePage, DetailPage, Done, OperationPage
from organizations.policy import Action
from users import sessions


class IndependentAccountPage(DetailPage):
    """What this organization may know of it: its name, its owner, and which of ours have a role."""

    action = Action.ACCOUNT_VIEW
    template_name = "accounts/independent_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        account = _account_elsewhere(self, kwargs["sid"])
        held = queries.roles_elsewhere(self.organization).filter(account=account)
        shown = cut(held.select_related("holder").order_by("name_key", "pk"))
        return {
            "account": account,
            "status_tone": tones.ACCOUNT_STATUS[AccountStatus(account.status)],
            "people": [_holding(one) for one in shown.rows],
            "has_more_people": shown.has_more,
            "relinquish_refusal": self.refusal(Action.ACCOUNT_RELINQUISH),
        }


class RelinquishPage(OperationPage):
    action = Action.ACCOUNT_RELINQUISH
    template_name = "accounts/relinquish.html"
    form_class = Form

    def subject(self, **kwargs: Any) -> Account:
        return _account_elsewhere(self, kwargs["sid"])

    def context(self, subject: Account) -> dict[str, Any]:
        family = Q(account=subject) | Q(account__parent=subject)
        held = queries.roles_elsewhere(self.organization).filter(family)
        shown = cut(held.order_by("name_key", "pk"))
        emails = dict.fromkeys(one.email for one in shown.rows)
        others = ["Others of your organization lose it, too."] if shown.has_more else []
        return {
            "account": subject,
            "consequences": [f"{email} loses access to {subject.name}." for email in emails]
            + others,
            "survives": ["The account stays as it is; it is governed by its own organization."],
        }

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        relinquish_access(Relinquishment(self.organization, subject), actor=self.actor)
        message = f"Nobody in {self.organization.name} has access to {subject.name} any longer."
        return Done(message, reverse("accounts:independent"))


def _account_elsewhere(page: ConsolePage, sid: str) -> Account:
    held = queries.roles_elsewhere(page.organization).filter(account__sid=sid)
    one = held.select_related("account__owner", "account__organization").first()
    if one is None:
        record_refusal(page.action, page.actor, NotAllowed(access.NO_SUCH_ACCOUNT))
        raise Http404
    account = cast(Account, one.account)
    if account.is_hipaa:
        sessions.guard(page.request.session)
    return account


def _holding(one: RoleAssignment) -> dict[str, Any]:
    return {
        "url": reverse("users:detail", args=[one.holder.sid]),
        "name": one.holder.get_full_name(),
        "email": one.email,
        "role": one.get_role_label(),
        "since": moment(one.began_at),
        "until": until(one.ends_at),
    }
