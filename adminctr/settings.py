"""All settings, from the environment; every variable is listed in .env.example."""

from datetime import timedelta
from pathlib import Path

import environ
from django.utils.csp import CSP

from adminctr import environment

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
if env.bool("READ_DOT_ENV", default=True):
    environ.Env.read_env(str(BASE_DIR / ".env"))
RUN_DIR = Path(env("RUN_DIR", default=str(BASE_DIR / ".run"))).absolute()

# Core

PRODUCT_NAME = env("PRODUCT_NAME", default="Admin Center")
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
DEMO_PASSWORD = env("DEMO_PASSWORD", default="")
SECRET_KEY = environment.secret_key(env("SECRET_KEY", default=""), RUN_DIR)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
BIND = env("BIND", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
WEB_THREADS = env.int("WEB_THREADS", default=16)
BASE_URL = env("BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=environment.hosts_of(BASE_URL))
IS_HTTPS = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "django_tasks_db",
    "adminctr.queue",
    "adminctr.web",
    "console",
    "profiles",
    "audit",
    "organizations",
    "domains",
    "users",
    "accounts",
    "invitations",
    "merges",
    "bulk",
    "imports",
]

MIDDLEWARE = [
    "adminctr.web.middleware.HeadersMiddleware",
    "adminctr.web.middleware.ObservingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "adminctr.web.middleware.BodySizeMiddleware",
    "adminctr.web.middleware.ProbesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "adminctr.web.middleware.ActorMiddleware",
    "adminctr.web.middleware.SecondFactorMiddleware",
]

ROOT_URLCONF = "adminctr.urls"
WSGI_APPLICATION = "adminctr.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "adminctr.web.context.product",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database

DATABASES = {
    "default": environment.database(
        env.db_url("DATABASE_URL", default=f"sqlite:///{RUN_DIR / 'adminctr.sqlite3'}"), RUN_DIR
    )
}
_replicas = environment.replicas(env.list("REPLICA_URLS", default=[]))
DATABASES |= _replicas
REPLICAS = tuple(_replicas)
REPLICA_LAG = timedelta(seconds=env.float("REPLICA_LAG_SECONDS", default=10))

CACHES = {"default": environment.cache(env("CACHE_URL", default="dbcache://cache"))}

# Signing in

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.sign_in.PasswordBackend"]
PASSWORD_HASHERS = [
    "users.passwords.OneAtATimeHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=24).total_seconds())
PASSWORD_LENGTH = 10
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {
            "user_attributes": ("email", "first_name", "last_name")
        },
        "MinimumLengthValidator": {"min_length": PASSWORD_LENGTH},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "users.sign_in.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "users.forms.LogInForm",
    "reset_password": "users.forms.ResetPasswordForm",
    "reset_password_from_key": "users.forms.NewPasswordForm",
    "user_token": "users.forms.ResetLinkForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "users.reset_tokens.ResetTokens"
# Our own limits do not let a stranger lock a victim out: users/guessing.py.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": False,
    "reset_password": "20/m/ip,5/h/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
)

# Sessions, cookies and headers

SESSION_ENGINE = "users.sessions"
SESSION_IDLE_TIMEOUT = timedelta(hours=env.float("SESSION_IDLE_HOURS", default=12))
SESSION_LONGEST_LIFE = timedelta(days=env.float("SESSION_LONGEST_DAYS", default=7))
SESSION_TOUCH_PAUSE = timedelta(minutes=5)
HIPAA_IDLE_TIMEOUT = timedelta(minutes=env.float("HIPAA_IDLE_MINUTES", default=15))
SESSION_COOKIE_AGE = int(SESSION_LONGEST_LIFE.total_seconds())
SESSION_COOKIE_NAME = environment.cookie_name("sessionid", IS_HTTPS)
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_NAME = environment.cookie_name("csrftoken", IS_HTTPS)
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "adminctr.web.errors.csrf_failure"
CHANGED_COOKIE = environment.cookie_name("changed", IS_HTTPS)
KNOWN_BROWSER_COOKIE = environment.cookie_name("browser", IS_HTTPS)
KNOWN_BROWSER_AGE = timedelta(days=180)
REMEMBERED_BROWSER_COOKIE = environment.cookie_name("remembered", IS_HTTPS)
REMEMBERED_BROWSER_AGE = timedelta(days=env.float("REMEMBERED_BROWSER_DAYS", default=30))
REAUTHENTICATION_AGE = timedelta(minutes=env.float("REAUTHENTICATION_MINUTES", default=10))
PHONE_CODE_LIFETIME = timedelta(minutes=env.float("PHONE_CODE_MINUTES", default=5))
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Mail, tasks and the outside world

MAILERS = {
    "default": environment.mailer(env("EMAIL_URL", default=f"filemail://{RUN_DIR / 'mail'}"))
}
DEFAULT_FROM_EMAIL = env(
    "DEFAULT_FROM_EMAIL", default=f"{PRODUCT_NAME} <no-reply@localhost.localdomain>"
)

TEXT_MESSAGES = environment.text_messages(env("SMS_URL", default=f"folder:{RUN_DIR / 'sms'}"))

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
TASK_LEASE = timedelta(seconds=env.float("TASK_LEASE_SECONDS", default=30))
TASK_FIRST_PAUSE = timedelta(seconds=env.float("TASK_FIRST_PAUSE_SECONDS", default=10))
TASK_TRIES = env.int("TASK_TRIES", default=30)

DNS_RESOLVERS = environment.resolvers(env("DNS_RESOLVERS", default=""))
DNS_LIFETIME = timedelta(seconds=env.float("DNS_LIFETIME_SECONDS", default=4))
HTTPS_CHECK_LIFETIME = timedelta(seconds=env.float("HTTPS_CHECK_LIFETIME_SECONDS", default=5))
HTTPS_CHECK_PORT = env.int("HTTPS_CHECK_PORT", default=443)
# Addresses that are not public and may be asked nevertheless, such as 10.0.0.0/8
HTTPS_CHECK_NETWORKS = environment.networks(env.list("HTTPS_CHECK_NETWORKS", default=[]))
HTTPS_CHECK_CA_FILE = env("HTTPS_CHECK_CA_FILE", default="")
DOMAIN_TXT_LABEL = env("DOMAIN_TXT_LABEL", default="_twilio")
DOMAIN_TXT_PREFIX = env("DOMAIN_TXT_PREFIX", default="twilio-domain-verification=")

# Limits and lifetimes

ACCOUNTS_PER_ORGANIZATION = env.int("ACCOUNTS_PER_ORGANIZATION", default=10)
SUBACCOUNTS_OF_TRIAL_ACCOUNT = env.int("SUBACCOUNTS_OF_TRIAL_ACCOUNT", default=1)
SUBACCOUNTS_OF_UPGRADED_ACCOUNT = env.int("SUBACCOUNTS_OF_UPGRADED_ACCOUNT", default=1000)
ACCOUNT_ROLES_PER_USER = env.int("ACCOUNT_ROLES_PER_USER", default=50)
ACCOUNT_INVITATIONS_PENDING = env.int("ACCOUNT_INVITATIONS_PENDING", default=100)
ACCOUNT_KEPT_AFTER_CLOSING = timedelta(
    days=env.float("ACCOUNT_KEPT_AFTER_CLOSING_DAYS", default=30)
)
ACCOUNT_DORMANT_AFTER = timedelta(days=env.float("ACCOUNT_DORMANT_AFTER_DAYS", default=90))
BULK_ROWS_AT_A_TIME = 1000
IMPORT_PEOPLE_AT_A_TIME = 100_000
IMPORT_UPLOAD_MAX_SIZE = 32 * 1024 * 1024
DOMAINS_PER_ORGANIZATION = env.int("DOMAINS_PER_ORGANIZATION", default=100)
DOMAIN_RECHECK_PAUSE = timedelta(hours=env.float("DOMAIN_RECHECK_HOURS", default=24))
DOMAIN_RECHECKS_AT_ONCE = env.int("DOMAIN_RECHECKS_AT_ONCE", default=64)
DOMAIN_MISSING_FOR = timedelta(days=env.float("DOMAIN_MISSING_DAYS", default=3))
DOMAIN_UNCERTAIN_FOR = timedelta(days=env.float("DOMAIN_UNCERTAIN_DAYS", default=30))
DOMAIN_CHECKS_KEPT = timedelta(days=env.float("DOMAIN_CHECKS_KEPT_DAYS", default=100))
DOMAIN_LINK_LIFETIME = timedelta(days=env.float("DOMAIN_LINK_DAYS", default=30))
EXPECTATIONS_PER_ORGANIZATION = env.int("EXPECTATIONS_PER_ORGANIZATION", default=100)
SIGN_UP_LIFETIME = timedelta(hours=env.float("SIGN_UP_HOURS", default=24))
EMAIL_CHANGE_LIFETIME = timedelta(hours=env.float("EMAIL_CHANGE_HOURS", default=24))
INVITATION_LIFETIME = timedelta(hours=env.float("INVITATION_HOURS", default=7 * 24))
INVITATION_RESEND_PAUSE = timedelta(minutes=env.float("INVITATION_RESEND_MINUTES", default=5))
INVITATION_MAX_SENDS = env.int("INVITATION_MAX_SENDS", default=10)
INVITATION_BATCHES_PER_DAY = env.int("INVITATION_BATCHES_PER_DAY", default=10)
INVITATION_KEPT = timedelta(days=env.int("INVITATION_KEPT_DAYS", default=30))
DRAFT_KEPT = timedelta(days=env.float("DRAFT_KEPT_DAYS", default=30))
PAGE_SIZE = 50

# Where an address is, for the list of one's sessions; nothing is asked of anybody else

PLACES_DATABASE = env("PLACES_DATABASE", default="")

# Language and time

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = RUN_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Logs and metrics

LOG_FORMAT = env("LOG_FORMAT", default="line")
LOGGING = environment.logging(
    LOG_FORMAT,
    level=env("LOG_LEVEL", default="INFO"),
    with_requests=env.bool("LOG_REQUESTS", default=LOG_FORMAT == "json"),
)

METRICS_TOKEN = env("METRICS_TOKEN", default="")
METRICS_DIR = RUN_DIR / "metrics"
if METRICS_TOKEN:
    environment.share_metrics(METRICS_DIR)
