from django.urls import URLPattern, URLResolver, include, path

from accounts.views import independent, lists, one, opening, people, subaccounts
from accounts.views.frames import ADMIN_CENTER, CONSOLE, Door


def _about_an_account(door: Door) -> list[URLPattern]:
    """The pages about one account, as they are mounted at either door."""
    return [
        path("", one.GeneralPage.as_view(door=door), name="detail"),
        path("change-owner/", one.ChangeOwnerPage.as_view(door=door), name="change-owner"),
        path("suspend/", one.SuspendPage.as_view(door=door), name="suspend"),
        path("reactivate/", one.ReactivatePage.as_view(door=door), name="reactivate"),
        path("enable-hipaa/", one.EnableHipaa.as_view(door=door), name="enable-hipaa"),
        path("disable-hipaa/", one.DisableHipaa.as_view(door=door), name="disable-hipaa"),
        path("close/", one.ClosePage.as_view(door=door), name="close"),
        path("close/plan/", one.ClosePlanExport.as_view(door=door), name="close-plan"),
        path("activity/", one.AccountActivityPage.as_view(door=door), name="activity"),
        path("my-access/", people.MyAccessPage.as_view(door=door), name="my-access"),
        path("users/", people.UserListPage.as_view(door=door), name="users"),
        path("users/invite/", people.InvitePage.as_view(door=door), name="invite"),
        path("users/look-up/", people.LookUpPage.as_view(door=door), name="look-up"),
        path("users/<sid:user>/", people.UserPage.as_view(door=door), name="user"),
        path("users/<sid:user>/roles/", people.ChangeRolesPage.as_view(door=door), name="roles"),
        path(
            "users/<sid:user>/remove/",
            people.RemoveAccess.as_view(door=door),
            name="remove-access",
        ),
        path("pending-users/", people.InvitedListPage.as_view(door=door), name="pending-users"),
        path(
            "pending-users/<sid:invitation>/",
            people.InvitedPage.as_view(door=door),
            name="invited",
        ),
        path(
            "pending-users/<sid:invitation>/resend/",
            people.ResendInvited.as_view(door=door),
            name="invited-resend",
        ),
        path(
            "pending-users/<sid:invitation>/revoke/",
            people.RevokeInvited.as_view(door=door),
            name="invited-revoke",
        ),
        path("subaccounts/", subaccounts.SubaccountListPage.as_view(door=door), name="subaccounts"),
        path(
            "subaccounts/new/",
            subaccounts.NewSubaccountPage.as_view(door=door),
            name="new-subaccount",
        ),
    ]


_lists = [
    path("", lists.ManagedListPage.as_view(), name="list"),
    path("export/", lists.ManagedExport.as_view(), name="export"),
    path("new/", opening.NewAccountPage.as_view(), name="new"),
    path("new/review/", opening.ReviewAccountPage.as_view(), name="new-review"),
    path("add/", opening.AddExistingAccountPage.as_view(), name="add"),
    path("independent/", lists.IndependentListPage.as_view(), name="independent"),
    path("independent/export/", lists.IndependentExport.as_view(), name="independent-export"),
    path(
        "independent/<sid:sid>/",
        independent.IndependentAccountPage.as_view(),
        name="independent-detail",
    ),
    path(
        "independent/<sid:sid>/relinquish/",
        independent.RelinquishPage.as_view(),
        name="relinquish",
    ),
    path("pending/", lists.PendingListPage.as_view(), name="pending"),
    path("pending/export/", lists.PendingExport.as_view(), name="pending-export"),
    path("pending/<sid:sid>/", opening.PendingAccountPage.as_view(), name="pending-detail"),
    path("pending/<sid:sid>/resend/", opening.ResendRequest.as_view(), name="pending-resend"),
    path("pending/<sid:sid>/cancel/", opening.CancelRequest.as_view(), name="pending-cancel"),
]

app_name = "accounts"
urlpatterns = [
    path("admin-center/access/", lists.RoleAssignmentListPage.as_view(), name="access"),
    path("admin-center/access/export/", lists.RoleAssignmentExport.as_view(), name="access-export"),
    path("admin-center/accounts/", include(_lists)),
    path("admin-center/accounts/<sid:sid>/", include(_about_an_account(ADMIN_CENTER))),
]
# Mounted under a namespace of its own, `account`.
console: list[URLPattern | URLResolver] = [
    path("new/", opening.OwnNewAccountPage.as_view(), name="new"),
    path("new/review/", opening.ReviewOwnAccountPage.as_view(), name="new-review"),
    path("<sid:sid>/", include(_about_an_account(CONSOLE))),
]
