from django.urls import path

from domains import views

app_name = "domains"
urlpatterns = [
    path("admin-center/domains/", views.DomainListPage.as_view(), name="list"),
    path("admin-center/domains/add/", views.AddDomainPage.as_view(), name="add"),
    path("admin-center/domains/<sid:sid>/", views.DomainDetailPage.as_view(), name="detail"),
    path("admin-center/domains/<sid:sid>/check/", views.CheckDomain.as_view(), name="check"),
    path("admin-center/domains/<sid:sid>/remove/", views.RemoveDomain.as_view(), name="remove"),
]
