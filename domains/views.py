from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.urls import reverse

from adminctr.core.addresses import readable_domain
from adminctr.web.display import moment
from adminctr.web.filters import Noun
from adminctr.web.views import ActionPage, DetailPage, Done, ListPage, OperationPage
from domains import explanations, operations
from domains.forms import AddDomainForm
from domains.models import Domain, DomainStatus
from organizations.models import Organization
from organizations.policy import Action

_TONES = {
    DomainStatus.UNVERIFIED: "neutral",
    DomainStatus.VERIFIED: "success",
    DomainStatus.UNCERTAIN: "warning",
}


class DomainListPage(ListPage):
    action = Action.DOMAIN_VIEW
    template_name = "domains/list.html"
    noun = Noun("domain", "domains")

    def rows(self) -> QuerySet[Any]:
        return Domain.objects.order_by("name", "id")

    def row(self, row: Domain) -> dict[str, Any]:
        return {
            "url": row.get_absolute_url(),
            "name": readable_domain(row.name),
            "status": row.get_status_display(),
            "tone": _TONES[DomainStatus(row.status)],
            "added": moment(row.created_at),
            "verified": moment(row.verified_at, never="Not yet"),
        }

    def extra(self) -> dict[str, Any]:
        return {"add_refusal": self.refusal(Action.DOMAIN_ADD)}


class DomainDetailPage(DetailPage):
    action = Action.DOMAIN_VIEW
    template_name = "domains/detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        domain = self.one(Domain.objects.all(), sid=kwargs["sid"])
        return {
            "domain": domain,
            "name": readable_domain(domain.name),
            "label": settings.DOMAIN_TXT_LABEL,
            "tone": _TONES[DomainStatus(domain.status)],
            "added": moment(domain.created_at),
            "verified": moment(domain.verified_at, never="Not yet"),
            "checked": moment(domain.checked_at),
            "patience": explanations.PATIENCE,
        }


class AddDomainPage(OperationPage):
    action = Action.DOMAIN_ADD
    template_name = "domains/add.html"
    form_class = AddDomainForm

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        domain = operations.add_domain(subject, actor=self.actor, **data)
        name = readable_domain(domain.name)
        return Done(
            f"{name} was added. Publish its record, then check it.", domain.get_absolute_url()
        )


class DomainAction(ActionPage):
    def subject(self, **kwargs: Any) -> Domain:
        return self.one(Domain.objects.all(), sid=kwargs["sid"])


class CheckDomain(DomainAction):
    action = Action.DOMAIN_VERIFY

    def perform(self, subject: Domain) -> Done:
        domain = operations.check_domain(subject, actor=self.actor)
        if not domain.is_verified():
            return Done(domain.check_result, domain.get_absolute_url(), messages.WARNING)
        name = readable_domain(domain.name)
        message = f"{name} is verified. You can invite its people now."
        return Done(message, domain.get_absolute_url())


class RemoveDomain(DomainAction):
    action = Action.DOMAIN_REMOVE

    def perform(self, subject: Domain) -> Done:
        operations.remove_domain(subject, actor=self.actor)
        return Done(f"{readable_domain(subject.name)} was removed.", reverse("domains:list"))
