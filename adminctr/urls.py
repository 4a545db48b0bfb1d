from allauth.account import views as allauth
from django.conf import settings
from django.urls import include, path, re_path

from accounts import urls as accounts
from adminctr.web import health
from adminctr.web.gallery import gallery
from adminctr.web.mailbox import mailbox
from adminctr.web.metrics import metrics
from adminctr.web.shortcuts import shortcuts
from adminctr.web.staff import site as staff

handler400 = "adminctr.web.errors.bad_request"
handler403 = "adminctr.web.errors.not_allowed"
handler404 = "adminctr.web.errors.not_found"
handler500 = "adminctr.web.errors.server_error"

# Only the parts of allauth that we offer; what each expects is in tests/architecture/test_pages.py.
_signing_in = [
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/sent/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    *_signing_in,
    path("console/shortcuts/", shortcuts, name="shortcuts"),
    path("", include("console.urls")),
    path("", include("profiles.urls")),
    path("", include("organizations.urls")),
    path("", include("accounts.urls")),
    path("", include("bulk.urls")),
    path("console/accounts/", include((accounts.console, "account"))),
    path("", include("imports.urls")),
    path("", include("users.urls")),
    path("", include("domains.urls")),
    path("", include("audit.urls")),
    path("", include("invitations.urls")),
    path("staff/", staff.urls),
]
if settings.DEMO:
    urlpatterns += [
        path("gallery/", gallery, name="gallery"),
        path("mailbox/", mailbox, name="mailbox"),
    ]
