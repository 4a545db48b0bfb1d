from django.urls import path, register_converter

from organizations.models import DomainSetting, SecondFactor
from users.views import (
    admitting,
    departures,
    governing,
    independent,
    managed,
    offboarding,
    one,
    phones,
    requiring,
    second_factor,
    set_up,
    signing_up,
)

_USERS = "admin-center/users/"
_USER = f"{_USERS}<sid:sid>/"
_DOMAIN_SETTING = "admin-center/settings/domain-setting/<domain_setting:setting>/"
_WHAT_IF = "admin-center/domains/what-if/"
_OF_DOMAIN = "admin-center/domains/<sid:sid>/"
_SECOND_FACTOR = "second-factor/"
_SET_UP = "second-factor/set-up/"
_REQUIRE_OF_ALL = "admin-center/settings/second-factor/"
_LEVELS = {str(level).replace("_", "-"): level for level in SecondFactor}
_SETTINGS = {str(setting.label).lower(): setting for setting in DomainSetting}


class DomainSettingConverter:
    """The path converter `<domain_setting:…>`: a domain setting by its name."""

    regex = "|".join(_SETTINGS)

    def to_python(self, value: str) -> DomainSetting:
        return _SETTINGS[value]

    def to_url(self, value: DomainSetting) -> str:
        return str(value.label).lower()


class SecondFactorConverter:
    """The path converter `<second_factor:…>`: how often one is asked for, by its name."""

    regex = "|".join(_LEVELS)

    def to_python(self, value: str) -> SecondFactor:
        return _LEVELS[value]

    def to_url(self, value: SecondFactor) -> str:
        return str(value).replace("_", "-")


register_converter(DomainSettingConverter, "domain_setting")
register_converter(SecondFactorConverter, "second_factor")

app_name = "users"
urlpatterns = [
    path("signup/", signing_up.sign_up, name="sign-up"),
    path("signup/<link_token:token>/", signing_up.finish_sign_up, name="sign-up-finish"),
    path(_SECOND_FACTOR, second_factor.SecondFactorPage.as_view(), name="second-factor"),
    path(f"{_SECOND_FACTOR}app/", second_factor.AppPage.as_view(), name="second-factor-app"),
    path(
        f"{_SECOND_FACTOR}passkey/",
        second_factor.PasskeyPage.as_view(),
        name="second-factor-passkey",
    ),
    path(f"{_SECOND_FACTOR}phone/", second_factor.PhonePage.as_view(), name="second-factor-phone"),
    path(
        f"{_SECOND_FACTOR}phone/send/",
        second_factor.SendPhoneCode.as_view(),
        name="second-factor-phone-send",
    ),
    path(
        f"{_SECOND_FACTOR}recovery-code/",
        second_factor.RecoveryCodePage.as_view(),
        name="second-factor-recovery",
    ),
    path(
        f"{_SECOND_FACTOR}cancel/",
        second_factor.CancelLogIn.as_view(),
        name="second-factor-cancel",
    ),
    path(_SET_UP, set_up.SetUpPage.as_view(), name="second-factor-set-up"),
    path(f"{_SET_UP}app/", set_up.SetUpAppPage.as_view(), name="second-factor-set-up-app"),
    path(
        f"{_SET_UP}passkey/",
        set_up.SetUpPasskeyPage.as_view(),
        name="second-factor-set-up-passkey",
    ),
    path(f"{_SET_UP}phone/", phones.SetUpPhonePage.as_view(), name="second-factor-set-up-phone"),
    path(
        f"{_SET_UP}phone/code/",
        phones.SetUpPhoneCodePage.as_view(),
        name="second-factor-set-up-phone-code",
    ),
    path(
        f"{_SET_UP}phone/again/",
        phones.SendPhoneCodeAgain.as_view(),
        name="second-factor-set-up-phone-again",
    ),
    path(_DOMAIN_SETTING, admitting.DomainSettingPage.as_view(), name="domain-setting"),
    path(
        f"{_DOMAIN_SETTING}plan/",
        admitting.DomainSettingPlan.as_view(),
        name="domain-setting-plan",
    ),
    path(_REQUIRE_OF_ALL, requiring.SecondFactorOfAllPage.as_view(), name="require-of-all"),
    path(
        f"{_REQUIRE_OF_ALL}<second_factor:level>/",
        requiring.RequireOfAllPage.as_view(),
        name="require-of-all-level",
    ),
    path(
        f"{_REQUIRE_OF_ALL}<second_factor:level>/plan/",
        requiring.RequireOfAllPlan.as_view(),
        name="require-of-all-plan",
    ),
    path(_WHAT_IF, admitting.WhatIfPage.as_view(), name="what-if"),
    path(f"{_WHAT_IF}expect/", admitting.SaveExpectation.as_view(), name="expect"),
    path(
        f"{_WHAT_IF}<sid:sid>/forget/",
        admitting.ForgetExpectation.as_view(),
        name="expectation-forget",
    ),
    path(f"{_USERS}", managed.UserListPage.as_view(), name="list"),
    path(f"{_USERS}export/", managed.UserExport.as_view(), name="export"),
    path(f"{_USERS}save-view/", managed.SaveUserView.as_view(), name="save-view"),
    path(f"{_USERS}imported/", managed.ImportedUserListPage.as_view(), name="imported"),
    path(f"{_USERS}imported/export/", managed.ImportedUserExport.as_view(), name="imported-export"),
    path(
        f"{_USERS}imported/save-view/",
        managed.SaveImportedUserView.as_view(),
        name="imported-save-view",
    ),
    path(
        f"{_USERS}independent/", independent.IndependentUserListPage.as_view(), name="independent"
    ),
    path(
        f"{_USERS}independent/export/",
        independent.IndependentUserExport.as_view(),
        name="independent-export",
    ),
    path(
        f"{_USERS}independent/save-view/",
        independent.SaveIndependentUserView.as_view(),
        name="independent-save-view",
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
    path(
        f"{_USERS}pending/save-view/",
        managed.SavePendingUserView.as_view(),
        name="pending-save-view",
    ),
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
    path(f"{_USERS}leaving/", offboarding.OffboardingListPage.as_view(), name="leaving"),
    path(f"{_USERS}leaving/<sid:sid>/", offboarding.OffboardingPage.as_view(), name="offboarding"),
    path(
        f"{_USERS}leaving/<sid:sid>/cancel/",
        offboarding.CancelOffboarding.as_view(),
        name="offboarding-cancel",
    ),
    path(
        f"{_USERS}leaving/<sid:sid>/sheet/",
        offboarding.OffboardingSheet.as_view(),
        name="offboarding-sheet",
    ),
    path(f"{_USERS}invite/", managed.InviteUserPage.as_view(), name="invite"),
    path(f"{_OF_DOMAIN}people/", departures.DepartedListPage.as_view(), name="departed"),
    path(f"{_OF_DOMAIN}bring-back/", departures.BringBack.as_view(), name="bring-back"),
    path(f"{_USER}", one.ProfilePage.as_view(), name="detail"),
    path(f"{_USER}sign-in/", one.SignInPage.as_view(), name="sign-in"),
    path(f"{_USER}access/", one.AccessPage.as_view(), name="access"),
    path(f"{_USER}access/give/", one.GiveAccessPage.as_view(), name="access-give"),
    path(f"{_USER}access/<sid:account>/end/", one.EndAccess.as_view(), name="access-end"),
    path(f"{_USER}activity/", one.UserActivityPage.as_view(), name="activity"),
    path(f"{_USER}activity/by/", one.ActivityByUserPage.as_view(), name="activity-by"),
    path(f"{_USER}change-role/", one.ChangeRolePage.as_view(), name="change-role"),
    path(f"{_USER}rename/", governing.RenamePage.as_view(), name="rename"),
    path(f"{_USER}reset-password/", governing.ResetPasswordPage.as_view(), name="reset-password"),
    path(f"{_USER}reset-2fa/", governing.ResetSecondFactorPage.as_view(), name="reset-2fa"),
    path(f"{_USER}require-2fa/", governing.RequireSecondFactorPage.as_view(), name="require-2fa"),
    path(f"{_USER}end-sessions/", governing.EndSessionsPage.as_view(), name="end-sessions"),
    path(f"{_USER}leave/", offboarding.LeavePage.as_view(), name="leave"),
    path(f"{_USER}leave/plan/", offboarding.LeavePlan.as_view(), name="leave-plan"),
    path(f"{_USER}deactivate/", governing.DeactivatePage.as_view(), name="deactivate"),
    path(f"{_USER}reactivate/", governing.ReactivatePage.as_view(), name="reactivate"),
]
