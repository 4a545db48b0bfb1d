from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("admin-center/accounts/", views.AccountListPage.as_view(), name="list"),
    path("admin-center/accounts/export/", views.AccountExport.as_view(), name="export"),
    path("admin-center/access/", views.RoleAssignmentListPage.as_view(), name="access"),
    path("admin-center/access/export/", views.RoleAssignmentExport.as_view(), name="access-export"),
    path("admin-center/accounts/<sid:sid>/", views.AccountDetailPage.as_view(), name="detail"),
]
