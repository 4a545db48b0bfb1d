from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property

from adminctr.core.addresses import readable_domain
from adminctr.core.plans import Plan
from adminctr.web.filters import Noun
from adminctr.web.plans import PlanExport, PlanPage
from adminctr.web.views import (
    ActionPage,
    DetailPage,
    Done,
    FilePage,
    ListPage,
    OperationPage,
    SavedFile,
)
from domains import claims, deadlines, operations, removal
from domains.forms import ASK, AddDomainForm, method_asked
from domains.models import Domain, DomainCheck
from domains.views import showing
from organizations.models import DomainSetting, Organization
from organizations.policy import Action
from users import setting_plan
from users.queries import absence_of

_NEWEST_CHECKS = 5


class DomainListPage(ListPage):
    action = Action.DOMAIN_VIEW
    template_name = "domains/list.html"
    noun = Noun("domain", "domains")

    def rows(self) -> QuerySet[Any]:
        return Domain.objects.order_by("name", "id")

    def shown(self, rows: list[Domain]) -> list[dict[str, Any]]:
        shared = claims.shared_among([row.name for row in rows])
        return [showing.in_list(row, is_shared=row.name in shared) for row in rows]

    def extra(self) -> dict[str, Any]:
        return {"add_refusal": self.refusal(Action.DOMAIN_ADD)}


class AddDomainPage(OperationPage):
    action = Action.DOMAIN_ADD
    template_name = "domains/add.html"
    form_class = AddDomainForm

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        way = data.pop("way")
        domain = operations.add_domain(subject, actor=self.actor, **data)
        name = readable_domain(domain.name)
        message = f"{name} was added. Publish its verification record, then check it."
        return Done(message, showing.address_of(domain, way))


class DomainDetailPage(DetailPage):
    action = Action.DOMAIN_VIEW
    template_name = "domains/detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        domain = self.one(Domain.objects.select_related("organization"), sid=kwargs["sid"])
        way = self.request.GET.get("way", domain.method)
        checks = DomainCheck.objects.filter(domain=domain).order_by("-at", "-id")
        context = showing.detail(domain, way) | {
            "checks": [showing.check(one) for one in checks[:_NEWEST_CHECKS]],
            "verify_refusal": self.refusal(Action.DOMAIN_VERIFY, domain),
            "remove_refusal": self.refusal(Action.DOMAIN_REMOVE, domain),
            "setting_refusal": self.refusal(Action.DOMAIN_CHANGE_SETTING, domain),
            "absence": absence_of(domain.name),
        }
        if way == ASK:
            context |= showing.mail_to_a_colleague(domain, self.user.get_full_name())
        return context


class DomainFile(FilePage):
    action = Action.DOMAIN_VIEW

    def subject(self, **kwargs: Any) -> Domain:
        return self.one(Domain.objects.all(), sid=kwargs["sid"])


class ProofFile(DomainFile):
    """The file that proves a domain by HTTPS, to be put on the website."""

    def file(self, subject: Domain) -> SavedFile:
        content = f"{subject.record_value}\n".encode()
        return SavedFile(subject.file_name, "text/html; charset=utf-8", content)


class DeadlineFile(DomainFile):
    """The day on which an uncertain domain is lost, for the calendar; a sure one has none."""

    def file(self, subject: Domain) -> SavedFile | None:
        if not subject.is_uncertain():
            return None
        content = deadlines.calendar_file(subject)
        return SavedFile(deadlines.FILE_NAME, deadlines.CONTENT_TYPE, content)


class DomainCheckListPage(ListPage):
    """Every look for the proof of one domain, with what came back from which server."""

    action = Action.DOMAIN_VIEW
    template_name = "domains/checks.html"

    @cached_property
    def domain(self) -> Domain:
        return self.one(Domain.objects.all(), sid=self.kwargs["sid"])

    def rows(self) -> QuerySet[Any]:
        return DomainCheck.objects.filter(domain=self.domain).order_by("-at", "-id")

    def row(self, row: DomainCheck) -> dict[str, Any]:
        return showing.check(row)

    def extra(self) -> dict[str, Any]:
        return {"domain": self.domain, "name": readable_domain(self.domain.name)}


class CheckDomain(ActionPage):
    action = Action.DOMAIN_VERIFY

    def subject(self, **kwargs: Any) -> Domain:
        return self.one(Domain.objects.select_related("organization"), sid=kwargs["sid"])

    def perform(self, subject: Domain) -> Done:
        method = method_asked(self.request.POST, subject)
        domain = operations.check_domain(subject, method=method, actor=self.actor)
        if domain.missing_since or not domain.is_verified():
            url = showing.address_of(domain, method)
            return Done(domain.check_result, url, messages.WARNING)
        message = f"{readable_domain(domain.name)} is verified. You can invite its people now."
        return Done(message, domain.get_absolute_url())


class DomainPlanPage(PlanPage):
    """What a borrowed session must not do to one domain."""

    is_sensitive = True

    def subject(self, **kwargs: Any) -> Domain:
        return self.one(Domain.objects.select_related("organization"), sid=kwargs["sid"])

    def context(self, subject: Domain) -> dict[str, Any]:
        return {"domain": subject, "name": readable_domain(subject.name)}


class FollowSettingPage(DomainPlanPage):
    """What it means that the domain setting applies again to a domain that was shared."""

    action = Action.DOMAIN_CHANGE_SETTING
    template_name = "domains/follow_setting.html"
    export_name = "domains:follow-setting-plan"

    def plan(self, subject: Domain) -> Plan:
        return setting_plan.plan_following(subject)

    def acknowledgements(self, subject: Domain) -> Sequence[tuple[str, str]]:
        setting = DomainSetting(subject.organization.domain_setting)
        return setting_plan.acknowledgements(setting, readable_domain(subject.name))

    def perform(self, subject: Domain, data: dict[str, Any]) -> Done:
        domain = operations.follow_setting_again(subject, digest=data["digest"], actor=self.actor)
        message = f"The domain setting applies to {readable_domain(domain.name)} again."
        return Done(message, domain.get_absolute_url())


class FollowSettingPlan(PlanExport):
    of = FollowSettingPage
    shown_at = "domains:follow-setting"


class RemoveDomainPage(DomainPlanPage):
    action = Action.DOMAIN_REMOVE
    template_name = "domains/remove.html"
    export_name = "domains:remove-plan"

    def asks_for_password(self, subject: Domain) -> bool:
        """Giving up what nobody has proven takes nothing from anybody."""
        return subject.is_held()

    def plan(self, subject: Domain) -> Plan:
        return removal.plan(subject)

    def acknowledgements(self, subject: Domain) -> Sequence[tuple[str, str]]:
        return removal.ACKNOWLEDGEMENTS if subject.is_held() else ()

    def perform(self, subject: Domain, data: dict[str, Any]) -> Done:
        operations.remove_domain(subject, digest=data["digest"], actor=self.actor)
        return Done(f"{readable_domain(subject.name)} was removed.", reverse("domains:list"))


class RemoveDomainPlan(PlanExport):
    of = RemoveDomainPage
    shown_at = "domains:remove"
