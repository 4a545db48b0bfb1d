from django.urls import path

from invitations.views import answering, many

_MANY = "admin-center/users/invite-many/"
_BATCH = f"{_MANY}<sid:sid>/"

app_name = "invitations"
urlpatterns = [
    path("invitations/<link_token:token>/", answering.show, name="show"),
    path("invitations/<link_token:token>/decline/", answering.decline, name="decline"),
    path(_MANY, many.InviteManyPage.as_view(), name="many"),
    path(f"{_MANY}template/", many.TemplateFile.as_view(), name="many-template"),
    path(_BATCH, many.BatchPage.as_view(), name="batch"),
    path(f"{_BATCH}send/", many.SendPage.as_view(), name="batch-send"),
    path(f"{_BATCH}check/", many.CheckBatch.as_view(), name="batch-check"),
    path(f"{_BATCH}leave-out/", many.LeaveOut.as_view(), name="batch-leave-out"),
    path(f"{_BATCH}rows/<int:position>/", many.RowPage.as_view(), name="batch-row"),
    path(
        f"{_BATCH}rows/<int:position>/leave-out/",
        many.LeaveOutRow.as_view(),
        name="batch-row-leave-out",
    ),
    path(f"{_BATCH}cancel/", many.CancelPage.as_view(), name="batch-cancel"),
    path(f"{_BATCH}export/", many.BatchExport.as_view(), name="batch-export"),
]
