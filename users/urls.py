from django.urls import path

from users.views import independent, managed

_USERS = "admin-center/users/"


app_name = "users"
urlpatterns = [
    path("signup/", managed.sign_up, name="sign-up"),
    path("signup/<link_token:token>/", managed.finish_sign_up, name="sign-up-finish"),
    path(f"{_USERS}", managed.UserListPage.as_view(), name="list"),
    path(f"{_USERS}export/", managed.UserExport.as_view(), name="export"),
    path(
        f"{_USERS}independent/", independent.IndependentUserListPage.as_view(), name="independent"
    ),
    path(
        f"{_USERS}independent/export/",
        independent.IndependentUserExport.as_view(),
        name="independent-export",
    ),
    path(
        f"{_USERS}independent/<sid:sid>/",
        independent.IndependentUserPage.as_view(),
        name="independent-detail",
    ),
    path(
        f"{_USERS}independent/<sid:sid>/<sid:role>/remove/",
        independent.RemoveIndependentAccess.as_view(),
        name="independent-remove",
    ),
    path(f"{_USERS}pending/", managed.PendingUserListPage.as_view(), name="pending"),
    path(f"{_USERS}pending/export/", managed.PendingUserExport.as_view(), name="pending-export"),
    path(f"{_USERS}pending/<sid:sid>/", managed.PendingUserPage.as_view(), name="pending-detail"),
    path(
        f"{_USERS}pending/<sid:sid>/resend/",
        managed.ResendInvitation.as_view(),
        name="pending-resend",
    ),
    path(
        f"{_USERS}pending/<sid:sid>/revoke/",
        managed.RevokeInvitation.as_view(),
        name="pending-revoke",
    ),
    path(f"{_USERS}invite/", managed.InviteUserPage.as_view(), name="invite"),
    path(f"{_USERS}<sid:sid>/", managed.UserDetailPage.as_view(), name="detail"),
    path(f"{_USERS}<sid:sid>/change-role/", managed.ChangeRolePage.as_view(), name="change-role"),
]
