from django.urls import path

from users import views

_USERS = "admin-center/users/"


app_name = "users"
urlpatterns = [
    path("signup/", views.sign_up, name="sign-up"),
    path("signup/<link_token:token>/", views.finish_sign_up, name="sign-up-finish"),
    path(f"{_USERS}", views.UserListPage.as_view(), name="list"),
    path(f"{_USERS}export/", views.UserExport.as_view(), name="export"),
    path(f"{_USERS}pending/", views.PendingUserListPage.as_view(), name="pending"),
    path(f"{_USERS}pending/export/", views.PendingUserExport.as_view(), name="pending-export"),
    path(f"{_USERS}pending/<sid:sid>/", views.PendingUserPage.as_view(), name="pending-detail"),
    path(
        f"{_USERS}pending/<sid:sid>/resend/",
        views.ResendInvitation.as_view(),
        name="pending-resend",
    ),
    path(
        f"{_USERS}pending/<sid:sid>/revoke/",
        views.RevokeInvitation.as_view(),
        name="pending-revoke",
    ),
    path(f"{_USERS}invite/", views.InviteUserPage.as_view(), name="invite"),
    path(f"{_USERS}<sid:sid>/", views.UserDetailPage.as_view(), name="detail"),
    path(f"{_USERS}<sid:sid>/change-role/", views.ChangeRolePage.as_view(), name="change-role"),
]
