from django.urls import path

from profiles import views

_PROFILE = "profile/"

app_name = "profile"
urlpatterns = [
    path(_PROFILE, views.ProfilePage.as_view(), name="show"),
    path(f"{_PROFILE}name/", views.ChangeNamePage.as_view(), name="name"),
    path(f"{_PROFILE}email/", views.ChangeEmailPage.as_view(), name="email"),
    path(f"{_PROFILE}email/cancel/", views.CancelEmailChange.as_view(), name="email-cancel"),
    path(
        f"{_PROFILE}email/<link_token:token>/",
        views.confirm_email,
        name="email-confirm",
    ),
    path(f"{_PROFILE}password/", views.ChangePasswordPage.as_view(), name="password"),
    path(f"{_PROFILE}preferences/", views.PreferencesPage.as_view(), name="preferences"),
    path(f"{_PROFILE}idle/", views.ask_whether_idle, name="idle"),
    path(f"{_PROFILE}idle/left/", views.time_left, name="idle-left"),
    path(f"{_PROFILE}stay/", views.StayPage.as_view(), name="stay"),
    path(f"{_PROFILE}sessions/", views.SessionListPage.as_view(), name="sessions"),
    path(f"{_PROFILE}sessions/end-others/", views.EndOtherSessions.as_view(), name="sessions-end"),
    path(f"{_PROFILE}sessions/<sid:sid>/end/", views.EndSession.as_view(), name="session-end"),
]
