from django.urls import path

from imports.views import preparing, running

_IMPORT = "admin-center/users/import/"
_LIST = f"{_IMPORT}lists/<sid:sid>/"

app_name = "imports"
urlpatterns = [
    path(_IMPORT, running.RunListPage.as_view(), name="list"),
    path(f"{_IMPORT}new/", preparing.InstructionsPage.as_view(), name="new"),
    path(f"{_IMPORT}new/way/", preparing.WayPage.as_view(), name="new-way"),
    path(f"{_IMPORT}new/review/", preparing.ReviewDomainsPage.as_view(), name="new-review"),
    path(f"{_IMPORT}new/all/", preparing.EverybodyPage.as_view(), name="new-all"),
    path(f"{_IMPORT}new/upload/", preparing.UploadPage.as_view(), name="new-upload"),
    path(f"{_LIST}review/", preparing.ReviewPage.as_view(), name="list-review"),
    path(f"{_LIST}download/", preparing.ListDownload.as_view(), name="list-download"),
    path(f"{_LIST}notice/", preparing.NoticePage.as_view(), name="list-notice"),
    path(f"{_LIST}discard/", preparing.DiscardList.as_view(), name="list-discard"),
    path(f"{_LIST}start/", preparing.StartPage.as_view(), name="list-start"),
    path(f"{_LIST}start/plan/", preparing.StartPlan.as_view(), name="list-start-plan"),
    path(f"{_IMPORT}<sid:sid>/", running.RunPage.as_view(), name="run"),
    path(f"{_IMPORT}<sid:sid>/export/", running.RunExport.as_view(), name="run-export"),
]
