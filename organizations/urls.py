from django.urls import path

from organizations import views

app_name = "organizations"
urlpatterns = [path("admin-center/", views.OverviewPage.as_view(), name="overview")]
