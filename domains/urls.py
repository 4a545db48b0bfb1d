from django.urls import path

from domains.views import colleague, managing

_DOMAINS = "admin-center/domains/"
_ONE = f"{_DOMAINS}<sid:sid>/"

app_name = "domains"
urlpatterns = [
    path(_DOMAINS, managing.DomainListPage.as_view(), name="list"),
    path(f"{_DOMAINS}add/", managing.AddDomainPage.as_view(), name="add"),
    path(_ONE, managing.DomainDetailPage.as_view(), name="detail"),
    path(f"{_ONE}check/", managing.CheckDomain.as_view(), name="check"),
    path(f"{_ONE}checks/", managing.DomainCheckListPage.as_view(), name="checks"),
    path(f"{_ONE}file/", managing.ProofFile.as_view(), name="file"),
    path(f"{_ONE}follow-setting/", managing.FollowSettingPage.as_view(), name="follow-setting"),
    path(
        f"{_ONE}follow-setting/plan/",
        managing.FollowSettingPlan.as_view(),
        name="follow-setting-plan",
    ),
    path(f"{_ONE}deadline/", managing.DeadlineFile.as_view(), name="deadline"),
    path(f"{_ONE}remove/", managing.RemoveDomainPage.as_view(), name="remove"),
    path(f"{_ONE}remove/plan/", managing.RemoveDomainPlan.as_view(), name="remove-plan"),
    path("domain-record/<link_token:token>/", colleague.record, name="record"),
]
