"""Creating an account, and bringing an existing one in."""

import secrets
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.urls import reverse

from accounts import conditions, limits
from accounts.forms import (
    AddExistingAccountForm,
    NewAccountForm,
    OwnAccountForm,
    ReviewAccountForm,
    ReviewOwnAccountForm,
)
from accounts.operations import create_account
from adminctr.web.mails import facts_of
from adminctr.web.views import ActionPage, DetailPage, Done, OperationPage
from invitations.models import Invitation, Kind
from invitations.operations import (
    add_existing_account,
    resend_invitation,
    resend_refusal,
    revoke_invitation,
)
from organizations import members
from organizations.models import Membership, Organization
from organizations.policy import Action
from users.models import User

# How many candidates a field offers; others are typed.
MOST_CANDIDATES = 50


class NewAccountPage(DetailPage):
    """First step: what the account is called and who owns it; nothing is made yet."""

    action = Action.ACCOUNT_CREATE_FOR
    template_name = "accounts/new.html"
    form_class: ClassVar[type[forms.Form]] = NewAccountForm
    review = "accounts:new-review"
    above, above_label = "accounts:list", "Accounts"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = {name: self.request.GET.get(name, "") for name in self.form_class.base_fields}
        initial = {name: value for name, value in asked.items() if value}
        return {
            "form": self.form_class(initial=initial),
            "review_url": reverse(self.review),
            "above_label": self.above_label,
            "above_url": reverse(self.above),
            **room_in(self.organization),
            "candidates": candidates() if "owner" in self.form_class.base_fields else [],
        }


class OwnNewAccountPage(NewAccountPage):
    """The same for oneself, in the console."""

    action = Action.ACCOUNT_CREATE
    form_class = OwnAccountForm
    review = "account:new-review"
    above, above_label = "console:home", "Console"


class ReviewAccountPage(OperationPage):
    """Second step: everything once more, and what an account begins with; then it is made."""

    action = Action.ACCOUNT_CREATE_FOR
    template_name = "accounts/review.html"
    form_class: ClassVar[type[forms.Form]] = ReviewAccountForm
    first_step = "accounts:new"
    made = "accounts:detail"
    above, above_label = "accounts:list", "Accounts"

    def form(self, subject: Organization, data: QueryDict | None = None) -> forms.Form:
        """What was typed in the first step comes in the address, and is checked already."""
        return super().form(subject, self._from_first_step() if data is None else data)

    def context(self, subject: Organization) -> dict[str, Any]:
        return {
            "back_url": f"{reverse(self.first_step)}?{self.request.GET.urlencode()}",
            "above_label": self.above_label,
            "above_url": reverse(self.above),
            "candidates": candidates() if "owner" in self.form_class.base_fields else [],
            **room_in(subject),
        }

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        owner = self._owner(data)
        account = create_account(subject, actor=self.actor, **data | {"owner": owner})
        return Done(f"{account.name} is created.", reverse(self.made, args=[account.sid]))

    def _owner(self, data: dict[str, Any]) -> User:
        return members.owner_named(data["owner"]).user

    def _from_first_step(self) -> QueryDict:
        asked = self.request.GET.copy()
        asked["form_key"] = secrets.token_hex(16)
        return asked


class ReviewOwnAccountPage(ReviewAccountPage):
    """The same for oneself, in the console."""

    action = Action.ACCOUNT_CREATE
    form_class = ReviewOwnAccountForm
    first_step = "account:new"
    made = "account:detail"
    above, above_label = "console:home", "Console"

    def _owner(self, data: dict[str, Any]) -> User:
        return self.user


class PendingAccountPage(DetailPage):
    action = Action.ACCOUNT_VIEW
    template_name = "accounts/pending_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        rows = Invitation.objects.pending_accounts().select_related("account", "invited_by")
        invitation = self.one(rows, sid=kwargs["sid"])
        refused = resend_refusal(invitation)
        return facts_of(invitation) | {
            "requested": invitation.account,
            "resend_refusal": refused.message if refused else None,
        }


class AddExistingAccountPage(OperationPage):
    action = Action.ACCOUNT_ADD
    template_name = "accounts/add.html"
    form_class = AddExistingAccountForm

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        invitation = add_existing_account(subject, actor=self.actor, **data)
        return Done(
            f"{invitation.email} was asked to confirm. Until then the account is pending.",
            reverse("accounts:pending"),
        )


class RequestAction(ActionPage):
    action = Action.ACCOUNT_ADD

    def subject(self, **kwargs: Any) -> Invitation:
        requests = Invitation.objects.select_related("organization", "account")
        return self.one(requests.filter(kind=Kind.ADD_ACCOUNT), sid=kwargs["sid"])

    def back(self, subject: Invitation) -> str:
        return subject.get_absolute_url() if subject.is_open() else reverse("accounts:pending")


class ResendRequest(RequestAction):
    def perform(self, subject: Invitation) -> Done:
        invitation = resend_invitation(subject, actor=self.actor)
        message = f"{invitation.email} was asked again; the link before no longer works."
        return Done(message, self.back(invitation))


class CancelRequest(RequestAction):
    def perform(self, subject: Invitation) -> Done:
        invitation = revoke_invitation(subject, actor=self.actor)
        return Done(f"{invitation.email} is no longer asked.", self.back(invitation))


def room_in(organization: Organization) -> dict[str, Any]:
    """How many accounts there may be, and why no more can be created now."""
    held, limit = limits.held_by(organization), organization.account_limit
    return {"held": f"{held:,}", "limit": f"{limit:,}", "is_full": held >= limit}


def candidates() -> list[Membership]:
    """Some who could own an account; others are typed."""
    return list(conditions.fit_to_own()[:MOST_CANDIDATES])
