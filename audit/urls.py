from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [path("admin-center/activity/", views.ActivityPage.as_view(), name="list")]
