from django.urls import path

from adminctr.web.saved_views import ForgetView
from organizations import views

app_name = "organizations"
urlpatterns = [
    path("admin-center/", views.OverviewPage.as_view(), name="overview"),
    path("admin-center/hide-checklist/", views.HideChecklist.as_view(), name="hide-checklist"),
    path("admin-center/views/<sid:sid>/forget/", ForgetView.as_view(), name="view-forget"),
    path("admin-center/settings/", views.SettingsPage.as_view(), name="settings"),
    path("admin-center/settings/ownership/", views.ChangeOwnershipPage.as_view(), name="ownership"),
]
