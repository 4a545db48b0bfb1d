from django.urls import path

from profiles import second_factors, views

_PROFILE = "profile/"
_SECOND_FACTORS = "profile/second-factors/"

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
    path(f"{_PROFILE}browsers/", views.BrowserListPage.as_view(), name="browsers"),
    path(f"{_PROFILE}browsers/forget/", views.ForgetEveryBrowser.as_view(), name="browsers-forget"),
    path(
        f"{_PROFILE}browsers/<sid:sid>/forget/",
        views.ForgetBrowser.as_view(),
        name="browser-forget",
    ),
    path(f"{_PROFILE}sessions/<sid:sid>/end/", views.EndSession.as_view(), name="session-end"),
    path(_SECOND_FACTORS, second_factors.SecondFactorListPage.as_view(), name="second-factors"),
    path(
        f"{_SECOND_FACTORS}recovery-codes/",
        second_factors.RecoveryCodesPage.as_view(),
        name="recovery-codes",
    ),
    path(
        f"{_SECOND_FACTORS}recovery-codes/new/",
        second_factors.NewRecoveryCodesPage.as_view(),
        name="recovery-codes-new",
    ),
    path(
        f"{_SECOND_FACTORS}<sid:sid>/remove/",
        second_factors.RemoveFactorPage.as_view(),
        name="second-factor-remove",
    ),
    path(
        f"{_SECOND_FACTORS}<sid:sid>/rename/",
        second_factors.RenamePasskeyPage.as_view(),
        name="passkey-rename",
    ),
]
